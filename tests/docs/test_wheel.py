from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT
from tests.docs.hello import balances_shown

pytestmark = pytest.mark.slow


def pip(*arguments: str) -> None:
    ran = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built distribution."""
    directory = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(ROOT))
    (built,) = directory.glob("leftfold-*.whl")
    return built


def test_the_wheel_holds_the_types_the_sql_the_pages_and_the_licence_and_nothing_of_the_tests(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for kind in ("sql", "css", "js"):
        files = {file.relative_to(ROOT / "src").as_posix() for file in (ROOT / "src").rglob(f"*.{kind}")}
        assert files
        assert files <= names
    assert "leftfold/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"leftfold"}


def test_the_wheel_alone_runs_the_readmes_program_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv")
    binaries = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(binaries / "python")
    pinned = ("--constraint", str(ROOT / "constraints.txt"))
    pip("--python", python, "install", "--quiet", "--no-compile", *pinned, str(wheel))
    directory = tmp_path / "empty"
    directory.mkdir()
    assert balances_shown(python, directory) == ["500\n", "1000\n"]
    help_text = subprocess.run(
        [str(binaries / "leftfold"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "migrate" in help_text

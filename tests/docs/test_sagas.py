"""The page about sagas shows a program that runs, and tests that pass."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "sagas.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A reader's directory, with the page's files."""
    for name in ("sagas.py", "test_sagas.py"):
        shutil.copy(SNIPPETS / name, tmp_path)
    settings = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    (tmp_path / "pytest.ini").write_text(settings)
    return tmp_path


def run(directory: Path, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_pages_program_prints_what_the_page_shows(house: Path) -> None:
    assert run(house, "sagas.py") == (SNIPPETS / "sagas.txt").read_text()


def test_the_pages_tests_pass(house: Path) -> None:
    assert "4 passed" in run(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_sagas.py")


def test_the_page_shows_every_part_of_the_program() -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / "sagas.py").read_text(), re.MULTILINE)
    shown = re.findall(r'/sagas\.py\n:language: python\n:start-after: "# (\w+)"\n:end-before: "# (\w+)"', PAGE)
    assert sorted(shown) == sorted(pairwise(sections))

"""The page about the published language shows a program that runs, and what the command says about it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "published-language.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"
REQUIRED = "country: CountryCode\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, and one in which the country is required."""
    directory = tmp_path_factory.mktemp("desk")
    for file in ("language.py", "wire.py"):
        shutil.copy(SNIPPETS / file, directory)
    text = (SNIPPETS / "language.py").read_text()
    later = text.replace("country: CountryCode | None = None\n", REQUIRED)
    assert later != text
    (directory / "later.py").write_text(later)
    return directory


def run(directory: Path, *arguments: str, code: int = 0) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (code, "")
    return ran.stdout


def schema(directory: Path, *arguments: str, app: str = "language", code: int = 0) -> str:
    return run(directory, "-m", "leftfold", "schema", *arguments, "--app", f"{app}:app", code=code)


def test_the_pages_program_writes_the_invoice(desk: Path) -> None:
    assert run(desk, "language.py") == "invoice A-1: 990 cents\n"


def test_what_comes_twice_is_written_once_and_another_version_is_refused(desk: Path) -> None:
    assert run(desk, "wire.py") == (SNIPPETS / "wire.txt").read_text()


def test_what_the_command_says_is_what_the_page_shows(desk: Path) -> None:
    lock = ("--lock", "language.lock")
    said = schema(desk, "lock") + schema(desk, "check", *lock)
    assert said == (SNIPPETS / "language_lock.txt").read_text()
    assert schema(desk, "check", *lock, app="later", code=1) == (SNIPPETS / "language_check.txt").read_text()
    versions = [f"acme.sales.order_placed@{number}" for number in (1, 2)]
    assert schema(desk, "diff", *versions, app="later", code=1) == (SNIPPETS / "language_diff.txt").read_text()


@pytest.mark.parametrize(("file", "unseen"), [("language.py", 0), ("wire.py", 1)])
def test_the_page_shows_every_part_of_the_program_in_its_order(file: str, unseen: int) -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / file).read_text(), re.MULTILINE)
    part = rf'{re.escape(file)}\n:language: python\n:start-after: "# (\w+)"\n:end-before: "# (\w+)"'
    assert re.findall(part, PAGE) == list(pairwise(sections))[: len(sections) - 1 - unseen]

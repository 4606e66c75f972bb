"""The page about changing an event shows programs that run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "versions.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A reader's directory, with the files of the page."""
    for file in ("versions.py", "test_versions.py"):
        shutil.copy(SNIPPETS / file, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return tmp_path


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)


def test_the_pages_program_prints_what_the_page_shows_and_appends_each_time(lesson: Path) -> None:
    first = run(lesson, "versions.py")
    assert (first.stderr, first.stdout) == ("", (SNIPPETS / "versions.txt").read_text())
    assert "U001 has 157.5 USD and 30 EUR after 8 events" in run(lesson, "versions.py").stdout


def test_the_pages_tests_pass_once_the_events_are_locked(lesson: Path) -> None:
    pytest_here = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_versions.py")
    assert "1 failed, 1 passed" in run(lesson, *pytest_here).stdout
    lock = "import pytest, os; os.environ['LEFTFOLD_UPDATE_LOCK'] = '1'; pytest.main(['-q', 'test_versions.py'])"
    assert "2 passed" in run(lesson, "-c", lock).stdout
    assert '"StatementPrinted"' in (lesson / "events.lock.json").read_text()
    assert "2 passed" in run(lesson, *pytest_here).stdout


def test_the_page_shows_every_part_of_the_program() -> None:
    program = (SNIPPETS / "versions.py").read_text()
    sections = re.findall(r"^# (\w+)$", program, re.MULTILINE)
    shown = re.findall(r'versions\.py\n:language: python\n:start-after: "# (\w+)"', PAGE)
    assert shown == sections

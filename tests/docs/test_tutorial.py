from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SNIPPETS = ROOT / "docs" / "snippets"


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """A reader's directory, with what the tutorial has them write."""
    for file in SNIPPETS.glob("*.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return tmp_path


def run(directory: Path, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_tutorials_bank_prints_what_the_tutorial_shows(lessons: Path) -> None:
    assert run(lessons, "bank.py") == (SNIPPETS / "bank.txt").read_text()


def test_the_tutorials_commands_list_what_happened(lessons: Path) -> None:
    run(lessons, "bank.py")
    program = "import leftfold.cli; leftfold.cli.main()"
    store = ("--store", "sqlite:///bank.db")
    assert "account-ACC-001" in run(lessons, "-c", program, "streams", *store)
    shown = run(lessons, "-c", program, "show", "account-ACC-001", *store)
    assert all(name in shown for name in ("AccountOpened", "MoneyDeposited", "MoneyWithdrawn"))
    log = run(lessons, "-c", program, "log", "--type", "MoneyWithdrawn", *store)
    assert "MoneyWithdrawn" in log
    assert "MoneyDeposited" not in log


def test_the_tutorials_tests_pass(lessons: Path) -> None:
    assert "2 passed" in run(lessons, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bank.py")

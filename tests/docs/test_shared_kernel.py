"""The page about shared kernels shows a program that runs, and what the command says about it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leftfold.borders import kernel_findings
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "shared-kernel.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader's folder, with the files of the page."""
    for file in ("shared_money.py", "shared_kernel.py", "test_shared_kernel.py"):
        shutil.copy(SNIPPETS / file, tmp_path)
    shutil.copy(SNIPPETS / "shared_kernel.toml", tmp_path / "teams.toml")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def kernel(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "leftfold", "kernel", *arguments, "--app", "shared_kernel:app")


def said_by_the_test(folder: Path) -> str:
    """What the page's test comes to, in a folder of its own."""
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return run(folder, "pytest", "-q", "-p", "no:cacheprovider", "test_shared_kernel.py").stdout


def test_the_command_says_what_the_page_shows(folder: Path) -> None:
    first = kernel(folder, "approve", "money", "--team", "checkout", "--by", "ann@example.org")
    assert (first.stderr, first.stdout) == ("", (SNIPPETS / "shared_kernel_first.txt").read_text())
    assert kernel(folder, "approve", "money", "--team", "finance", "--by", "bea@example.org").returncode == 0
    assert kernel(folder, "status").returncode == 0
    assert "1 passed" in said_by_the_test(folder)
    shared = folder / "shared_money.py"
    text = shared.read_text().replace("self.amount < 0", "self.amount <= 0")
    shared.write_text(text.replace("Nobody pays", "Nobody ever pays"))
    after = kernel(folder, "status")
    assert (after.returncode, after.stderr) == (1, "")
    assert "1 failed" in said_by_the_test(folder)
    assert DAY.sub("", after.stdout) == DAY.sub("", (SNIPPETS / "shared_kernel_changed.txt").read_text())


def test_the_page_shows_every_file_and_names_every_rule() -> None:
    shown = set(re.findall(r"literalinclude\} snippets/(\S+)", PAGE))
    assert shown == {file.name for file in SNIPPETS.glob("*shared_*.*")}
    rules = set(re.findall(r"`(kernel-[a-z-]+)`", kernel_findings.__doc__ or ""))
    assert rules == set(re.findall(r"`(kernel-[a-z-]+)`", PAGE))
    assert len(rules) == 16

"""The page about flows shows a program that runs, and what the command says about it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "flow.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"
STORE = "sqlite:///{context}.db"
TIME = re.compile(r"^\S+ \S+  ", re.MULTILINE)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program has run."""
    directory = tmp_path_factory.mktemp("restaurant")
    shutil.copy(SNIPPETS / "flow.py", directory)
    assert run(directory, "flow.py") == ""
    return directory


def run(directory: Path, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.removesuffix("0 findings\n")) == (0, "")
    return ran.stdout


def leftfold(directory: Path, *arguments: str) -> str:
    return run(directory, "-m", "leftfold", *arguments, "--app", "flow:app")


def test_the_table_and_the_drawing_are_what_the_command_makes(house: Path) -> None:
    assert leftfold(house, "flow") == (SNIPPETS / "flow.txt").read_text()
    assert leftfold(house, "flow", "--to", "svg") == (SNIPPETS / "flow.svg").read_text()


def test_what_the_page_says_was_observed_was(house: Path) -> None:
    assert leftfold(house, "flow", "--observed", "--store", STORE) == (SNIPPETS / "flow_observed.txt").read_text()


def test_the_conversation_is_the_one_on_the_page_at_another_time(house: Path) -> None:
    traced = leftfold(house, "trace", "guest 1", "--store", STORE)
    assert TIME.sub("", traced) == TIME.sub("", (SNIPPETS / "flow_trace.txt").read_text())


def test_the_page_shows_every_part_of_the_program_in_its_order() -> None:
    sections = re.findall(r"^# (\w+)$", (SNIPPETS / "flow.py").read_text(), re.MULTILINE)
    shown = re.findall(r'flow\.py\n:language: python\n:start-after: "# (\w+)"\n:end-before: "# (\w+)"', PAGE)
    assert shown == list(pairwise(sections))

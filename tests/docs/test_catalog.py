"""The page about the catalog shows a program that runs, and what the command says about it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "catalog.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"
DESCRIPTOR = "contexts/cloakroom.context.json"


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program has run, and its contexts were exported and merged."""
    directory = tmp_path_factory.mktemp("theatre")
    shutil.copy(SNIPPETS / "catalog.py", directory)
    run(directory, "catalog.py")
    leftfold(directory, "context", "export", "--app", "catalog:app", "--output", "contexts")
    said = leftfold(directory, "catalog", "merge", "contexts", "--output", "catalog.json")
    assert said == "nothing found\n"
    return directory


def run(directory: Path, *arguments: str) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def leftfold(directory: Path, *arguments: str) -> str:
    return run(directory, "-m", "leftfold", *arguments)


def test_the_descriptor_on_the_page_is_the_one_that_is_exported(theatre: Path) -> None:
    assert (theatre / DESCRIPTOR).read_text() == (SNIPPETS / "catalog_cloakroom.txt").read_text()


def test_the_impact_and_the_map_on_the_page_are_what_the_command_says(theatre: Path) -> None:
    asked = ("impact", "stage.play_is_on.seats", "--change", "type", "--catalog", "catalog.json")
    assert leftfold(theatre, *asked) == (SNIPPETS / "catalog_impact.txt").read_text()
    drawn = leftfold(theatre, "context", "map", "--app", "catalog:app", "--to", "mermaid")
    assert drawn == (SNIPPETS / "catalog_map.txt").read_text()


def test_the_page_shows_every_part_of_the_program_in_its_order() -> None:
    sections = re.findall(r"^# ([a-z ]+)$", (SNIPPETS / "catalog.py").read_text(), re.MULTILINE)
    shown = re.findall(r'catalog\.py\n:language: python\n:start-after: "# (.+)"\n:end-before: "# (.+)"', PAGE)
    assert shown == list(pairwise(sections))

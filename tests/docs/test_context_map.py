"""The page about context maps shows a program that is checked, and what the command says about it."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from leftfold.borders import LARGEST_KERNEL
from leftfold.contexts import ContextMap, Relation
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "context-map.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"
PLANTED = "from bakery.orders.book import Order\n"
UNTIL = re.compile(r"^until = .*$", re.MULTILINE)


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    """A folder with the program and its test."""
    shutil.copytree(SNIPPETS / "bakery", tmp_path / "bakery", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SNIPPETS / "test_bakery.py", tmp_path)
    return tmp_path


def run(directory: Path, *arguments: str) -> tuple[int, str]:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def check(directory: Path, *arguments: str) -> tuple[int, str]:
    return run(directory, "-m", "leftfold", "context", "check", "--app", "bakery.system:MAP", *arguments)


def test_the_program_keeps_to_its_map_and_its_test_passes(bakery: Path) -> None:
    assert check(bakery) == (0, "nothing found\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bakery.py"]
    ran = subprocess.run(command, cwd=bakery, capture_output=True, text=True, check=False)
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout


def test_what_the_page_says_is_found_is_found(bakery: Path) -> None:
    assert PLANTED in PAGE
    (bakery / "bakery" / "till" / "receipt.py").write_text(PLANTED)
    assert check(bakery) == (1, (SNIPPETS / "bakery.txt").read_text())


def test_the_baseline_is_the_one_on_the_page_on_another_day(bakery: Path) -> None:
    (bakery / "bakery" / "till" / "receipt.py").write_text(PLANTED)
    assert check(bakery, "--baseline", "borders.toml", "--write-baseline")[0] == 0
    written = (bakery / "borders.toml").read_text()
    shown = (SNIPPETS / "bakery.toml").read_text()
    assert UNTIL.sub("", written) == UNTIL.sub("", shown)
    assert all(date.fromisoformat(day) for day in re.findall(r"^until = (.*)$", shown, re.MULTILINE))


def test_the_program_that_is_shown_runs(bakery: Path) -> None:
    code = "from bakery.system import app\nassert len(app().contexts) == 3"
    assert run(bakery, "-c", code) == (0, "")


def test_the_map_that_is_shown_has_every_relation_and_is_sound() -> None:
    shown = runpy.run_path(str(SNIPPETS / "relations.py"))["MAP"]
    assert isinstance(shown, ContextMap)
    assert shown.findings() == ()
    all_of_them = {one for one in Relation.__subclasses__() if one.__module__ == Relation.__module__}
    assert {type(one) for one in shown.relations} == all_of_them


def test_the_page_names_the_limit_and_every_rule_that_is_broken_by_contexts() -> None:
    assert f"above {LARGEST_KERNEL} lines of code" in PAGE
    rules = ROOT / "src" / "leftfold" / "borders" / "rules"
    known = {name for file in rules.glob("*.py") for name in re.findall(r'rule="([a-z-]+)"', file.read_text())}
    notes = {"event-cycle", "external-with-code", "kernel-unused", "no-package"}
    assert {name for name in known if f"*{name}*" not in PAGE} == notes

"""The page about the command names every verb, and nothing that is none."""

from __future__ import annotations

import re

import pytest

from leftfold.cli.program import VERBS
from tests.conftest import ROOT

_PAGE = (ROOT / "docs" / "command.md").read_text()


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_stands_on_the_page(verb: str) -> None:
    assert re.search(rf"`{verb}[ `]|^leftfold {verb}\b", _PAGE, re.MULTILINE)


def test_every_command_line_on_the_page_is_of_a_verb() -> None:
    lines = re.findall(r"^leftfold ([a-z-]+)", _PAGE, re.MULTILINE)
    assert len(lines) >= len(set(lines)) > 5
    assert set(lines) <= set(VERBS)


def test_the_exit_codes_are_those_of_the_program() -> None:
    program = (ROOT / "src" / "leftfold" / "cli" / "program.py").read_text()
    codes = set(re.findall(r"^_[A-Z_]+: Final = (\d+)$", program, re.MULTILINE))
    assert codes
    assert {"0", *codes} == set(re.findall(r"^\| (\d+) \|", _PAGE, re.MULTILINE))

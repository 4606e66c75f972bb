"""The page about running it in production names verbs, options and metrics that there are."""

from __future__ import annotations

import re

import pytest

from leftfold.app.telemetry import Telemetry
from leftfold.cli.program import VERBS, main
from tests.conftest import ROOT

_PAGE = (ROOT / "docs" / "production.md").read_text()
_LINES = sorted(set(re.findall(r"leftfold ([a-z-]+[^`|\n#]*)", _PAGE)) - {"leftfold"})


def test_every_command_line_is_of_a_verb() -> None:
    verbs = {line.split()[0] for line in _LINES}
    assert len(verbs) > 10
    assert verbs <= set(VERBS)


@pytest.mark.parametrize("line", [line for line in _LINES if "--" in line])
def test_every_option_is_one_of_its_verb(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.split()
    verb = words[:2] if words[0] in ("schema", "context") else words[:1]
    main([*verb, "--help"])
    known = capsys.readouterr().out
    for option in re.findall(r"--[a-z-]+", line):
        assert option in known


def test_every_metric_is_one_that_is_measured() -> None:
    named = set(re.findall(r"^\| `([a-z]+\.?[a-z]+)`", _PAGE, re.MULTILINE)) - {"leftfold"}
    made = {
        name
        for file in (ROOT / "src" / "leftfold" / "app").glob("telemetry*.py")
        for name in re.findall(r'create_[a-z]+\("leftfold\.([a-z.]+)"', file.read_text())
    }
    assert len(named) >= 6
    assert named <= made
    assert all(f"`{name}`" in (Telemetry.__doc__ or "") for name in made)

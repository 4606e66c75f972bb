"""Tables, on a terminal and elsewhere."""

from __future__ import annotations

import io
import subprocess

import pytest
from rich.console import Console

from leftfold.cli.output import Columns, Row
from tests.cli.command import Leftfold, command, environment, stored
from tests.cli.savings import APP
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("terminal", "cuts", "whole"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_only_what_does_not_fit_on_a_terminal_is_cut_unless_asked_for(
    *, terminal: bool, cuts: bool, whole: bool
) -> None:
    name, error = "n" * 80, "because\x1b " + "e" * 300
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=160, soft_wrap=True)
    Columns(console, "name", "error", cuts=cuts).print([Row((name, error))])
    row = file.getvalue().splitlines()[-1]
    assert ("…" not in row) == whole
    assert (name in row) == whole
    assert row.endswith("e" * 300) == whole
    assert "\\x1b" in row


def test_a_command_whose_streams_are_closed_does_what_it_was_asked_for(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    sent = ("send", "Deposit", '{"account": "A", "cents": 5}', "--app", APP)
    for arguments, code in ((sent, 0), (("export", "-"), 2)):
        line = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command(*arguments, "--store", sqlite)]
        assert subprocess.run(line, cwd=ROOT, env=environment(), check=False).returncode == code
    assert len(stored(sqlite)) == 1

"""Tables, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from leftfold.cli.output import Columns, Row


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

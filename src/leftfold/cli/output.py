"""Standard output: JSON lines for programs, aligned columns for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, Self, TypeVar

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from leftfold.cli.text import printable

__all__ = ["Columns", "Listing", "Row", "console", "help_console", "let_go_of_stdout", "write_json"]

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_GAP: Final = "  "
_MOST_OF_A_NAME: Final = 60
_LEAST_OF_THE_LAST: Final = 20
_WIDTH_OF_NO_TERMINAL: Final = 160
_TOGETHER: Final = 100


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Row(NamedTuple):
    """A row of a table.

    Args:
        cells: one for each column.
        style: of the whole row, in Rich's words.
    """

    cells: Sequence[str]
    style: str = ""


def write_json(*values: object) -> None:
    """Write a line of JSON for each of *values*, in UTF-8 whatever the terminal's encoding."""
    for value in values:
        sys.stdout.buffer.write(_encode(value) + b"\n")


def let_go_of_stdout() -> None:
    """Whoever read our output has gone away: what is still to be written goes nowhere, without complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def console(*, errors: bool = False) -> Console:
    """Standard output for people, or standard error; in colours only when it is a terminal, otherwise 160 columns wide.

    Args:
        errors: standard error.
    """
    made = _Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=errors)
    if not made.is_terminal:
        made.width = _WIDTH_OF_NO_TERMINAL
    return made


def help_console() -> Console:
    """Standard output for help, which has markup and the width of the terminal, and is read to its end or not."""
    return _Console()


class Columns:
    """A table that is printed as its rows come.

    On a terminal its last column has what the others leave, and what is longer is cut; elsewhere nothing is.

    Args:
        heads: of the columns. One that starts with `>` is aligned to the right, as numbers are.
        cuts: cut elsewhere, too.
    """

    def __init__(self, console: Console, *heads: str, cuts: bool = False) -> None:
        self._console = console
        self._cuts = cuts or console.is_terminal
        self._heads = [head.removeprefix(">") for head in heads]
        self._right = [head.startswith(">") for head in heads[:-1]]
        self._widths = [cell_len(head) for head in self._heads[:-1]]
        self._headed = False

    def print(self, rows: Sequence[Row]) -> None:
        """Print *rows*, below the heads when they are the first."""
        shown = [
            Row([*(self._fit(cell, _MOST_OF_A_NAME) for cell in cells[:-1]), cells[-1]], style) for cells, style in rows
        ]
        for cells, _ in shown:
            self._widths = [max(had, cell_len(cell)) for had, cell in zip(self._widths, cells[:-1], strict=True)]
        if not self._headed:
            self._headed = True
            self._line(self._heads, "bold")
        for cells, style in shown:
            self._line(cells, style)

    def _fit(self, cell: str, width: int) -> str:
        return _cut(cell, width) if self._cuts else printable(cell)

    def _line(self, cells: Sequence[str], style: str) -> None:
        fitted = [
            " " * (width - cell_len(cell)) + cell if right else set_cell_size(cell, width)
            for cell, width, right in zip(cells[:-1], self._widths, self._right, strict=True)
        ]
        left = self._console.width - sum(self._widths) - len(_GAP) * len(self._widths)
        fitted.append(self._fit(cells[-1], max(left, _LEAST_OF_THE_LAST)))
        line = _GAP.join(fitted)
        if style and self._console.is_terminal:
            self._console.print(Text(line, style=style))
        else:
            self._console.file.write(line + "\n")  # Rich would take five times as long over a plain line


class Listing(Generic[T]):
    """A table of things that come one by one; rows are printed by the hundred, so that they are aligned.

    It is used by `with`: at the end of the block, however that comes, what was added is printed.

    Args:
        row: makes the row of one.
        heads: see `Columns`.
    """

    def __init__(self, console: Console, row: Callable[[T], Row], *heads: str) -> None:
        self._columns = Columns(console, *heads)
        self._row = row
        self._waiting: list[Row] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._print()

    def add(self, one: T) -> None:
        """Add the row of *one*."""
        self._waiting.append(self._row(one))
        if len(self._waiting) == _TOGETHER:
            self._print()

    def _print(self) -> None:
        rows, self._waiting = self._waiting, []
        if rows:
            self._columns.print(rows)


def _cut(text: str, width: int) -> str:
    shown = printable(text[: width + 1])  # no character takes less than one column, so a 10 MB payload costs no more
    return shown if cell_len(shown) <= width else set_cell_size(shown, width - 1) + "…"

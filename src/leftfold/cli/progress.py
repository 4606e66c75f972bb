"""Progress of long work, on standard error: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Tell", "progress"]

_EVERY_S: Final = 5.0


class Tell(Protocol):
    """Takes how far some work is."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Tell the number of steps *done* so far; *total* when there are more or fewer steps than were thought."""
        ...


@contextmanager
def progress(what: str, total: int | None) -> Generator[Tell]:
    """Show how far some work is.

    Args:
        what: the work, in a word or two.
        total: how many steps it has; None when nobody knows before the end.

    Returns:
        To be told of the number of steps done so far.
    """
    console = Console(file=sys.stderr, highlight=False)
    if not console.is_terminal:
        yield _Lines(what, total).show
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)


class _Lines:
    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._next = time.monotonic() + _EVERY_S

    def show(self, done: int, total: int | None = None, /) -> None:
        self._total = self._total if total is None else total
        if (now := time.monotonic()) >= self._next:
            self._next = now + _EVERY_S
            of = "" if self._total is None else f" of {self._total:,}"
            print(f"{self._what}: {done:,}{of}", file=sys.stderr, flush=True)

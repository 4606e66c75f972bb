"""How instances of processes, their timers and what was given up are shown: as tables, as a sheet, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from leftfold.cli.output import Columns, Listing, Row
from leftfold.cli.shown import time_text
from leftfold.cli.text import counted, printable, unbroken
from leftfold.processes.instance import Entry
from leftfold.processes.viewing import ParkedView, ProcessView, TimerView, timer_views

__all__ = ["parked_list", "print_process", "process_list", "timer_list"]

_STYLES: Final = {"stuck": "red", "missing": "yellow", "ended": "dim"}
_BAD: Final = frozenset({"dead", "refused"})


def process_list(out: Console) -> Listing[ProcessView]:
    """A table with a row for each instance."""
    heads = ("process", ">version", "key", "status", ">transitions", "changed (UTC)", "last")
    return Listing(out, _process_row, *heads)


def print_process(out: Console, view: ProcessView) -> None:
    """Print one instance with its timers and its journal."""
    head = Text(f"{printable(view.process)} {printable(view.key)}  ", style="bold")
    head.append(view.status, style=f"not bold {_STYLES.get(view.status, '')}".strip())
    out.print(head)
    for line in _about(view):
        out.print(Text(f"   {line}"))
    columns = Columns(out, "at (UTC)", "what", "became", ">position", "note")
    columns.print([_row(entry) for entry in view.journal])


def timer_list(out: Console) -> Listing[TimerView]:
    """A table with a row for each timer."""
    return Listing(out, _timer_row, "due (UTC)", "process", "key", "timer", "error")


def parked_list(out: Console) -> Listing[ParkedView]:
    """A table with a row for each event, command and timer."""
    heads = ("kind", "sender", "key", "what", "status", ">tries", "due (UTC)", "id", "error")
    return Listing(out, _parked_row, *heads)


def _about(view: ProcessView) -> Iterator[str]:
    yield f"version {view.version}, began {time_text(view.began_at)} UTC, changed {time_text(view.changed_at)} UTC"
    if view.reason is not None:
        yield printable(view.reason)
    yield printable(view.state)
    for timer in timer_views(view):
        error = f", given up: {unbroken(timer.error)}" if timer.dead else ""
        yield f"timer {printable(timer.name)} is due at {time_text(timer.due)} UTC{error}"
    if view.parked:
        count = len(view.parked)
        yield f"{counted(count, 'event')} {'waits' if count == 1 else 'wait'} for it to begin"


def _row(entry: Entry) -> Row:
    position = f"{entry.position:,}" if entry.position else ""
    cells = (time_text(entry.at), entry.what, entry.kind, position, unbroken(entry.note))
    return Row(cells, {"failed": "red", "ignored": "dim"}.get(entry.kind, ""))


def _entry(entry: Entry) -> str:
    return f"{entry.what} {entry.kind}" + (f": {unbroken(entry.note)}" if entry.note else "")


def _process_row(view: ProcessView) -> Row:
    last = _entry(view.journal[-1]) if view.journal else ""
    moved = (f"{view.transitions:,}", time_text(view.changed_at))
    cells = (view.process, str(view.version), view.key, view.status, *moved, view.reason or last)
    return Row(cells, _STYLES.get(view.status, ""))


def _timer_row(timer: TimerView) -> Row:
    cells = (time_text(timer.due), timer.process, timer.key, timer.name, unbroken(timer.error))
    return Row(cells, "red" if timer.dead else "")


def _parked_row(one: ParkedView) -> Row:
    due = time_text(one.due) if one.due is not None else ""
    cells = (one.kind, one.sender, one.key, one.what, one.status, f"{one.attempts:,}", due, one.id)
    return Row((*cells, unbroken(one.error)), "red" if one.status in _BAD else "")

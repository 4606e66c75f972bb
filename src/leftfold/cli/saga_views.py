"""How instances of sagas are shown: as a list, as a sheet of one, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from leftfold.cli.output import Columns, Listing, Row
from leftfold.cli.shown import time_text
from leftfold.cli.text import printable, unbroken
from leftfold.processes.journal import Intervention, StepRecord
from leftfold.processes.migrating import Migrated
from leftfold.processes.saga_view import SagaView
from leftfold.store.work import AT_ONCE

__all__ = ["migrated_list", "print_saga", "saga_list"]

_STYLES = {"stuck": "red", "completed": "dim", "compensated": "dim"}
_STEP_STYLES = {"parked": "red", "failed": "red", "refused": "red"}
_TO_COME = "to come"


def saga_list(out: Console) -> Listing[SagaView]:
    """A table with a row for each instance."""
    return Listing(out, _saga_row, "saga", ">version", "id", "status", "began (UTC)", "changed (UTC)", "at step")


def migrated_list(out: Console) -> Listing[Migrated]:
    """A table with a row for each instance of an older version."""
    return Listing(out, _migrated_row, "saga", "id", ">from version", ">to version", "stays, because")


def print_saga(out: Console, view: SagaView, outline: Sequence[str]) -> None:
    """Print one instance with its steps, and what people did about it.

    Args:
        outline: the names of all steps; empty when this code does not know them.
    """
    head = Text(f"{printable(view.saga)} {printable(view.id)}  ", style="bold")
    head.append(view.status, style=f"not bold {_STYLES.get(view.status, '')}".strip())
    out.print(head)
    for line in _about(view):
        out.print(Text(f"   {line}"))
    columns = Columns(out, "step", "status", ">tries", ">undos", "began (UTC)", "ended (UTC)", "outcome")
    columns.print([_step(one) for one in view.steps])
    begun = {one.name for one in view.steps}
    if view.status == "running":
        to_come = [name for name in outline if name not in begun]
        columns.print([Row((name, _TO_COME, "0", "0", "", "", ""), "dim") for name in to_come])
    for one in view.interventions:
        out.print(Text(_done_by(one)))


def _about(view: SagaView) -> Iterator[str]:
    yield f"version {view.version}, began {time_text(view.began_at)} UTC, changed {time_text(view.changed_at)} UTC"
    if view.reason is not None:
        yield printable(view.reason)
    if view.overdue:
        yield "its deadline has passed, with no way back"
    if view.owner is not None:
        yield f"carried on by {printable(view.owner)}"
    elif view.wake_at is not None:
        yield f"goes on at {time_text(view.wake_at)} UTC"
    yield printable(view.fields)


def _at(view: SagaView) -> str:
    """Where an instance stands: what is parked, or the step begun last."""
    undo = "undo of " if view.back else ""
    parked = [f"{undo}{one.name}: {unbroken(one.error or '')}" for one in view.steps if one.status == "parked"]
    if parked:
        return "; ".join(parked)
    if view.status == "compensated" and view.reason:
        return unbroken(view.reason)
    return f"{view.steps[-1].name} {view.steps[-1].status}" if view.steps else ""


def _step(one: StepRecord) -> Row:
    outcome = bytes(one.result).decode() if one.status == "done" else unbroken(one.error or one.doubt or "")
    if one.due is not None:
        when = "at once" if one.due <= AT_ONCE else f"at {time_text(one.due)} UTC"
        outcome = f"again {when}  {outcome}"
    times = (time_text(moment) if moment else "" for moment in (one.started_at, one.ended_at))
    cells = (one.name, one.status, str(one.tries), str(one.undo_tries), *times, outcome)
    return Row(cells, _STEP_STYLES.get(one.status, ""))


def _done_by(one: Intervention) -> str:
    what = one.verb if one.step is None else f"{one.verb} {one.step}"
    return f"{time_text(one.at)} UTC  {printable(one.who)}: {printable(what)}, for {printable(one.why)!r}"


def _saga_row(view: SagaView) -> Row:
    times = (time_text(view.began_at), time_text(view.changed_at))
    cells = (view.saga, str(view.version), view.id, view.status, *times, _at(view))
    return Row(cells, _STYLES.get(view.status, ""))


def _migrated_row(one: Migrated) -> Row:
    cells = (one.saga, one.id, str(one.old), str(one.new), one.reason or "")
    return Row(cells, "red" if one.reason else "")

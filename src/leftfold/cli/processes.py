"""`leftfold processes` and `leftfold timers`: instances of an app's processes, and what a person decides about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import Parameter

from leftfold.app.composition import App
from leftfold.app.processes import Processes
from leftfold.cli.errors import UsageError
from leftfold.cli.instances import (
    Decision,
    check_days,
    counted_instances,
    days_ago,
    left_out,
    show_findings,
    show_first,
    show_forgotten,
    told,
)
from leftfold.cli.listed import PROCESSES, listed
from leftfold.cli.options import NOTHING_GIVEN, AtLeastOne, AtLeastZero, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.process_views import parked_list, print_process, process_list, timer_list
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.text import counted
from leftfold.processes.viewing import TimerView

__all__ = ["Selection", "processes", "timers"]

_Status: TypeAlias = Literal["missing", "waiting", "stuck", "ended", "sending", "retrying", "refused", "dead"]
_FIRST: Final = 100
_JSON: Final = "state"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Selection:
    """What to list or forget."""

    status: Annotated[
        tuple[_Status, ...], Parameter(help="List those of this status, or of another one given.", show_default=False)
    ] = ()
    limit: Annotated[AtLeastOne, Parameter(help="List at most so many.")] = _FIRST
    days: Annotated[
        AtLeastZero | None, Parameter(help="With forget, instances that ended at least so many days ago.")
    ] = None
    try_only: Annotated[
        bool, Parameter(help="With forget, delete nothing, and tell what would be.", show_default=False)
    ] = False


_ALL: Final = Selection()
_NOBODY: Final = Decision()


async def processes(
    action: Literal["list", "show", "parked", "retry", "drop", "check", "forget"],
    which: str | None = None,
    key: str | None = None,
    /,
    *,
    selection: Selection = _ALL,
    decision: Decision = _NOBODY,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Look at an app's processes, and decide what becomes of what was given up.

    `list [PROCESS]` lists instances: first those that are stuck, or missing their beginning, the one unchanged for
    longest first, then the others by key. `show PROCESS KEY` shows one with its journal. `parked [PROCESS]` lists what
    waits or was given up: events without an instance, commands, timers. `retry ID` has one of them tried again, `drop
    ID` lets it go; each takes --why. `check` names instances that this code cannot carry on, and the exit code is 1
    when there are some. `forget [PROCESS] --days N` deletes instances that ended N days ago or earlier, and of which
    nothing is left, and tells how many, with --json which; an event that comes for such a key meets no instance.

    Args:
        action: What to do.
        which: Name of a process, with or without its context; for retry and drop, the id of what is parked.
        key: Which instance.
    """
    _check(action, (which, key), selection, decision)
    async with opened_app(_app(source), source) as app:
        if action == "list":
            await _list(app.processes, which, selection, json=source.json)
        elif action == "parked":
            await _parked(app.processes, which, selection, json=source.json)
        elif action == "check":
            found = await app.processes.check()
            return show_findings(found, ("process", "key"), lambda one: (one.process, one.key), json=source.json)
        elif action == "forget":
            await _forgotten(app.processes, which, selection, json=source.json)
        elif action == "show":
            view = await app.processes.show(which or "", key or "")
            if source.json:
                write_json(told(view, _JSON))
            else:
                print_process(console(), view)
        else:
            decide = app.processes.retry if action == "retry" else app.processes.drop
            await decide(which or "", who=decision.person, why=decision.why or "")
            _tell(action, which or "", json=source.json)
    return 0


async def timers(process: str | None = None, /, *, limit: AtLeastOne = _FIRST, source: Source = NOTHING_GIVEN) -> int:
    """List the timers that an app's processes have set, the next one first.

    Args:
        process: Name of a process, with or without its context; all when left out.
        limit: List at most so many.
    """
    count, soonest = 0, list[TimerView]()
    async with opened_app(_app(source), source) as app:
        async for timer in app.processes.timers(process):
            count += 1
            soonest.append(timer)
            if len(soonest) > 2 * limit + _FIRST:
                soonest = nsmallest(limit, soonest, key=_due)
    out = console()
    with timer_list(out) as table:
        for timer in nsmallest(limit, soonest, key=_due):
            write_json(timer) if source.json else table.add(timer)
    if not source.json:
        out.print(f"{counted(count, 'timer')}{left_out(count, limit)}", style="dim")
    return 0


def _due(timer: TimerView) -> tuple[datetime, str, str, str]:
    return timer.due, timer.process, timer.key, timer.name


def _app(source: Source) -> App:
    app = named_app(source)
    if not any(context.processes or context.command_reactions for context in app.contexts):
        raise UsageError("this app has no processes")
    return app


def _check(action: str, place: tuple[str | None, str | None], selection: Selection, decision: Decision) -> None:
    named = sum(part is not None for part in place)
    wanted = {"show": (2, 2), "check": (0, 0), "retry": (1, 1), "drop": (1, 1)}.get(action, (0, 1))
    if not wanted[0] <= named <= wanted[1]:
        takes = {
            "list": "the name of a process at most; to see one instance: show PROCESS KEY",
            "parked": "the name of a process at most",
            "forget": "the name of a process at most",
            "show": "a process and the key of an instance; see: leftfold processes list",
            "check": "no name; it looks at every process",
        }.get(action, "the id of what is parked; see: leftfold processes parked")
        raise UsageError(f"{action} takes {takes}")
    if action not in ("list", "parked") and (selection.status or selection.limit != _FIRST):
        raise UsageError("--status and --limit are for list and parked")
    check_days(action, selection.days)
    if selection.try_only and action != "forget":
        raise UsageError("--try-only is for forget")
    decides = action in ("retry", "drop")
    if not decides and decision != _NOBODY:
        raise UsageError(f"{action} decides nothing; leave --why and --who out")
    if decides and not (decision.why and decision.why.strip()):
        raise UsageError(f"why {action}? Give --why TEXT; it is kept in the journal, for those who look at it later")


async def _list(known: Processes, name: str | None, selection: Selection, *, json: bool) -> None:
    views = listed(lambda statuses: known.find(name, statuses=statuses), PROCESSES, selection.status, selection.limit)
    out = console()
    await show_first(views, selection.limit, process_list(out), _JSON if json else None)
    if not json:
        counts = await known.count(name)
        out.print(counted_instances(counts, selection.status, selection.limit), style="dim")


async def _forgotten(known: Processes, name: str | None, selection: Selection, *, json: bool) -> None:
    views = known.forget(name, before=days_ago(selection.days), try_only=selection.try_only)
    field = _JSON if json else None
    await show_forgotten(views, "process", lambda view: (view.process, view.status), field, try_only=selection.try_only)


async def _parked(known: Processes, name: str | None, selection: Selection, *, json: bool) -> None:
    count, out = 0, console()
    with parked_list(out) as table:
        async for one in known.parked(name, statuses=selection.status):
            count += 1
            if count <= selection.limit:
                write_json(one) if json else table.add(one)
            elif json:  # which tells no number
                break
    if not json:
        out.print(f"{count:,} parked{left_out(count, selection.limit)}", style="dim")


def _tell(action: str, id: str, *, json: bool) -> None:
    done = "tried again" if action == "retry" else "let go"
    if json:
        write_json({"action": action, "id": id})
    else:
        console().print(f"{id} {done}")

"""Instances of processes, their timers, and what waits or was given up, as people see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from leftfold.errors import UnreadableState
from leftfold.processes.instance import Entry, Instance, Timer
from leftfold.processes.missing import load_missing
from leftfold.processes.next import MARK
from leftfold.processes.outgoing import load_outgoing
from leftfold.processes.running import PROCESS, RunningProcess
from leftfold.store.work import WorkItem

__all__ = [
    "ParkedKind",
    "ParkedView",
    "ProcessFinding",
    "ProcessView",
    "TimerView",
    "command_view",
    "failing_timers",
    "missing_view",
    "process_view",
    "timer_id",
    "timer_views",
]

ParkedKind: TypeAlias = Literal["event", "command", "timer"]
"""An event that waits for an instance; a command that is not carried out; a timer that the function raises at."""


class ProcessView(Struct, frozen=True, kw_only=True):
    """An instance of a process, as it stands.

    Args:
        process: name of the context and the process: `shop.fulfilment`.
        version: of the definition that it goes by.
        status: `missing` before it has begun, `waiting`, `stuck` when a timer was given up, or `ended`.
        state: of the instance, as JSON text; `null` before it has begun.
        transitions: how many there were.
        timers: those that are set, by name.
        journal: what happened last, oldest first.
        parked: places of the events that wait for it to begin: context and position.
        reason: why this code cannot read it; None when it can.
        wake_at: when its next timer is due; None when there is none.
        began_at: by the database's clock, like *changed_at*.
    """

    process: str
    version: int
    key: str
    status: str
    state: str
    transitions: int
    timers: Mapping[str, Timer]
    journal: tuple[Entry, ...]
    parked: tuple[str, ...]
    reason: str | None
    wake_at: datetime | None
    began_at: datetime
    changed_at: datetime


class TimerView(Struct, frozen=True, kw_only=True):
    """A timer that is set.

    Args:
        process: name of the context and the process.
        key: of the instance.
        name: of the timer.
        due: when it fires.
        error: what the function raised at it last; empty when it did not.
        dead: whether it was given up.
    """

    process: str
    key: str
    name: str
    due: datetime
    error: str
    dead: bool


class ParkedView(Struct, frozen=True, kw_only=True):
    """Something of a process that waits, is tried again, or was given up.

    Args:
        id: to name it by.
        kind: what it is.
        sender: name of the context and the process, or of the reaction that has sent a command.
        key: of the instance; empty when there are none.
        what: name of the event, command or timer.
        status: `waiting`, `sending`, `retrying`, `refused` or `dead`.
        attempts: how often it was tried in vain.
        due: when something happens with it; None for never by itself.
        error: what it met last.
    """

    id: str
    kind: ParkedKind
    sender: str
    key: str
    what: str
    status: str
    attempts: int
    due: datetime | None
    error: str


class ProcessFinding(Struct, frozen=True, kw_only=True):
    """Instances that this code cannot carry on.

    Args:
        process: name of the context and the process.
        version: that they go by.
        key: of the instance; None for all of that version.
        count: of instances.
        reason: what is wrong, and what to do.
    """

    process: str
    version: int
    key: str | None
    count: int
    reason: str


def process_view(running: RunningProcess, item: WorkItem) -> ProcessView:
    """An instance, as far as this code can read it."""
    reason: str | None = None
    try:
        instance = running.instance(item)
        process = running.process(item)
        if instance.begun:
            running.state(process, running.key_of(item), instance)
    except UnreadableState as error:
        reason, instance = error.reason, _as_far(running, item)
    return ProcessView(
        process=running.name,
        version=int(item.queue.rpartition("/")[2]),
        key=running.key_of(item),
        status=item.status,
        state=bytes(instance.state).decode(errors="backslashreplace"),
        transitions=instance.version,
        timers=instance.timers,
        journal=instance.journal,
        parked=instance.parked,
        reason=reason,
        wake_at=instance.wake_at,
        began_at=item.created_at,
        changed_at=item.changed_at,
    )


def timer_views(view: ProcessView) -> Iterator[TimerView]:
    """The timers of an instance, the next one first."""
    for name, timer in sorted(view.timers.items(), key=lambda one: (one[1].due, one[0])):
        yield TimerView(
            process=view.process, key=view.key, name=name, due=timer.due, error=timer.error, dead=timer.dead
        )


def failing_timers(view: ProcessView) -> Iterator[ParkedView]:
    """Those of its timers that the function has raised at."""
    for name, timer in sorted(view.timers.items()):
        if timer.attempts:
            yield ParkedView(
                id=timer_id(view.process, view.key, name),
                kind="timer",
                sender=view.process,
                key=view.key,
                what=name,
                status="dead" if timer.dead else "retrying",
                attempts=timer.attempts,
                due=timer.again,
                error=timer.error,
            )


def missing_view(item: WorkItem) -> ParkedView:
    """An event that waits for an instance."""
    event = load_missing(item.state)
    return ParkedView(
        id=item.id,
        kind="event",
        sender=event.process,
        key=event.key,
        what=event.type,
        status=item.status,
        attempts=1 if event.error else 0,
        due=item.wake_at,
        error=event.error,
    )


def command_view(item: WorkItem) -> ParkedView:
    """A command on its way."""
    outgoing = load_outgoing(item.state)
    return ParkedView(
        id=item.id,
        kind="command",
        sender=outgoing.origin.name.partition("/")[2],
        key=outgoing.origin.key,
        what=outgoing.command,
        status=item.status,
        attempts=outgoing.attempts,
        due=item.wake_at,
        error=outgoing.error,
    )


def timer_id(process: str, key: str, name: str) -> str:
    """What a timer is named by."""
    return f"{PROCESS}{process}/{key}{MARK}{name}"


def _as_far(running: RunningProcess, item: WorkItem) -> Instance:
    try:
        return running.instance(item)
    except UnreadableState:
        return Instance()

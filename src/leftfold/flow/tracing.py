"""One conversation, from its first command to the last thing that it led to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.messages.metadata import Metadata
from leftfold.processes.instance import Instance, Timer, load_instance
from leftfold.processes.journal import Journal, StepRecord, load_journal
from leftfold.processes.missing import MISSING, MissingEvent, load_missing
from leftfold.processes.outgoing import COMMAND, Outgoing, load_outgoing
from leftfold.processes.running import PROCESS
from leftfold.store.events import StoredEvent
from leftfold.store.work import AT_ONCE, WorkItem

__all__ = ["QUEUES", "Trace", "TraceEntry", "TraceKind"]

TraceKind: TypeAlias = Literal["command", "event", "saga", "step", "process", "timer", "refusal"]

_SAGA: Final = "saga/"
QUEUES: Final = (_SAGA, PROCESS, COMMAND, MISSING)
"""Queues of work that may belong to a conversation begin with one of these."""


class TraceEntry(Struct, frozen=True, kw_only=True):
    """Something that happened in a conversation, or is still to.

    Args:
        at: when, or when it will; by the database's clock, but for the steps of sagas, whose worker says it.
        name: of the event or command; of a saga or process, with the id of the instance.
        id: of the event, command or instance.
        parent: id of what led to it; None when it came from outside, or that is not known.
        depth: how many that are here led to it, one to the other.
        context: whose log or work it is from; empty when nobody said.
        via: what sent the command, or recorded the event without one.
        place: stream and version of an event.
        position: of an event in its log; 0 for what is none.
        status: of an instance, a step, or a command that is not carried out yet; of a timer, `pending` when it is set,
            `failed` at a time when its function raised, then `retrying`, or `dead` when it was given up. A process is
            `missing` while an event waits for its instance, and `dead` when that was given up.
        note: what went wrong.
        due: when it happens, or is tried again, or until when an event waits for an instance; None for what is over,
            under way, or waits for a person.
    """

    at: datetime
    kind: TraceKind
    name: str
    id: str
    parent: str | None = None
    depth: int = 0
    context: str = ""
    via: str | None = None
    place: str = ""
    position: int = 0
    status: str = ""
    note: str = ""
    due: datetime | None = None


class Trace:
    """Gathers what belongs to one conversation.

    Args:
        correlation: its id.
    """

    def __init__(self, correlation: str) -> None:
        self.correlation = correlation
        self._found: dict[str, TraceEntry] = {}
        self._refused: list[tuple[str, TraceEntry]] = []
        self._waiting: list[tuple[str, WorkItem, MissingEvent]] = []

    def event(self, context: str, stored: StoredEvent, metadata: Metadata) -> None:
        """Take an event of a log, in the order of its positions; one of another conversation is let go."""
        id = str(stored.id)
        if self.correlation not in (metadata.correlation_id, id):
            return
        parent = _parent(metadata)
        if metadata.command_id is not None:
            command = TraceEntry(
                at=stored.recorded_at,
                kind="command",
                name=metadata.command or "a command",
                id=metadata.command_id,
                parent=parent,
                context=context,
                via=metadata.via,
            )
            self._found[command.id] = self._earlier(command)
            parent = command.id
        self._found[id] = TraceEntry(
            at=stored.recorded_at,
            kind="event",
            name=stored.type,
            id=id,
            parent=parent,
            context=context,
            via=None if metadata.command_id is not None else metadata.via,
            place=f"{stored.stream} {stored.version}",
            position=stored.position,
        )

    def work(self, context: str, item: WorkItem) -> None:
        """Take a work item of one of `QUEUES`; one of another conversation, or that is damaged, is let go."""
        try:
            if item.queue.startswith(_SAGA):
                self._add(self._saga(context, item, load_journal(item.state)))
            elif item.queue.startswith(PROCESS):
                self._add(self._process(context, item, load_instance(item.state)))
            elif item.queue.startswith(COMMAND):
                self._add(self._command(context, item, load_outgoing(item.state)))
            elif item.queue.startswith(MISSING):
                self._waiting.append((context, item, load_missing(item.state)))
        except ValueError:  # `leftfold sagas check` and `leftfold processes check` tell who cannot be read
            return

    def entries(self) -> Sequence[TraceEntry]:
        """What belongs to the conversation: each before what it led to, and one beside the other by time."""
        told = set(self._told_already())
        found = (one for one in (*self._found.values(), *self._missing()) if one.id not in told)
        ordered = sorted(found, key=lambda one: (one.at, one.context, one.position))
        below: dict[str | None, list[TraceEntry]] = {}
        for entry in ordered:
            below.setdefault(self._known(entry), []).append(entry)
        shown: dict[str, TraceEntry] = {}
        for first in (*below.get(None, ()), *ordered):  # causes that go in a circle have no first one
            _show(first, below, shown)
        return list(shown.values())

    def _told_already(self) -> Iterator[str]:
        """Ids of the refusals that journals of processes have of commands which are kept as refused, and shown so."""
        for instance, command in self._refused:
            same = (instance, command.name, command.note)
            lines = [one for one in self._found.values() if one.kind == "refusal"]
            if mine := [one for one in lines if (one.parent, one.name, one.note) == same]:
                yield max(mine, key=lambda one: one.at).id

    def _missing(self) -> Iterator[TraceEntry]:
        """The instances that events of the conversation wait for; whose they are is known when all logs are read."""
        events = {(one.context, one.position): one.id for one in self._found.values() if one.kind == "event"}
        for context, item, event in self._waiting:
            named = context != "" or event.source != event.process.partition(".")[0]
            if (parent := events.get((event.source if named else "", event.position))) is not None:
                yield TraceEntry(
                    at=item.created_at,
                    kind="process",
                    name=f"{event.process}/{event.key}",
                    id=item.id,
                    parent=parent,
                    context=context,
                    status="missing" if item.status == "waiting" else item.status,
                    note=event.error,
                    due=item.wake_at,
                )

    def _known(self, entry: TraceEntry) -> str | None:
        """What led to *entry*, if it is here; the instance, when a step of it is not."""
        parents = () if entry.parent is None else (entry.parent, entry.parent.rpartition("/")[0])
        return next((id for id in parents if id in self._found and id != entry.id), None)

    def _add(self, entries: Iterator[TraceEntry]) -> None:
        for entry in entries:
            self._found[entry.id] = self._earlier(entry)

    def _earlier(self, entry: TraceEntry) -> TraceEntry:
        known = self._found.get(entry.id)
        return entry if known is None or entry.at < known.at else known

    def _saga(self, context: str, item: WorkItem, journal: Journal) -> Iterator[TraceEntry]:
        if self.correlation not in (journal.metadata.correlation_id, item.id):
            return
        yield TraceEntry(
            at=item.created_at,
            kind="saga",
            name=item.id.removeprefix(_SAGA),
            id=item.id,
            parent=journal.parent or journal.metadata.causation_id,
            context=context,
            status=item.status,
            note=journal.reason or "",
        )
        for step in journal.steps:
            yield _step(context, item, step)

    def _process(self, context: str, item: WorkItem, instance: Instance) -> Iterator[TraceEntry]:
        if instance.metadata.correlation_id != self.correlation:
            return
        yield TraceEntry(
            at=item.created_at,
            kind="process",
            name=item.id.removeprefix(PROCESS),
            id=item.id,
            parent=instance.metadata.causation_id,
            context=context,
            status=item.status,
        )
        for number, line in enumerate(instance.journal):
            if line.kind in ("timer", "refused", "failed"):
                yield TraceEntry(
                    at=line.at,
                    kind="refusal" if line.kind == "refused" else "timer",
                    name=line.what,
                    id=f"{item.id}##{number}",
                    parent=item.id,
                    context=context,
                    status="failed" if line.kind == "failed" else "",
                    note=line.note,
                )

        for name, timer in instance.timers.items():
            yield _timer(context, item, name, timer)

    def _command(self, context: str, item: WorkItem, outgoing: Outgoing) -> Iterator[TraceEntry]:
        if outgoing.metadata.correlation_id != self.correlation:
            return
        command = TraceEntry(
            at=item.created_at,
            kind="command",
            name=outgoing.command,
            id=outgoing.id_of(item.id),
            parent=outgoing.metadata.causation_id,
            context=context,
            via=outgoing.metadata.via,
            status=item.status,
            note=outgoing.error,
            due=item.wake_at if item.status == "retrying" and item.owner is None else None,
        )
        if item.status == "refused":
            self._refused.append((outgoing.origin.id, command))
        yield command


def _parent(metadata: Metadata) -> str | None:
    """What led to a command, or to an event without one; of a saga, its step."""
    cause, via = metadata.causation_id, metadata.via
    if cause is None or via is None or not (cause.startswith(_SAGA) and via.startswith(_SAGA)):
        return cause
    return f"{cause}/{via.removesuffix('/undo').rpartition('/')[2]}"


def _timer(context: str, item: WorkItem, name: str, timer: Timer) -> TraceEntry:
    """A timer that is set: it stands where it will fire."""
    due = timer.again or timer.due
    return TraceEntry(
        at=due,
        kind="timer",
        name=name,
        id=f"{item.id}#{name}",
        parent=item.id,
        context=context,
        status="dead" if timer.dead else "retrying" if timer.attempts else "pending",
        note=timer.error,
        due=None if timer.dead else due,
    )


def _step(context: str, item: WorkItem, step: StepRecord) -> TraceEntry:
    return TraceEntry(
        at=step.started_at or item.created_at,
        kind="step",
        name=step.name,
        id=f"{item.id}/{step.name}",
        parent=item.id,
        context=context,
        status=step.status,
        note="" if step.status == "done" else step.error or step.doubt or "",
        due=None if step.due == AT_ONCE else step.due,
    )


def _show(first: TraceEntry, below: Mapping[str | None, Sequence[TraceEntry]], shown: dict[str, TraceEntry]) -> None:
    waiting = [(0, first)]
    while waiting:
        depth, entry = waiting.pop()
        if entry.id not in shown:
            shown[entry.id] = replace(entry, depth=depth)
            waiting += [(depth + 1, other) for other in reversed(below.get(entry.id, ()))]

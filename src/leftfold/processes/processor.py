"""Hands events to the instances of a process: state, commands, timers and checkpoint in one commit."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.errors import UnreadableState
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes.instance import Entry, Instance
from leftfold.processes.missing import MissingEvent, dump_missing, load_missing, missing_event, missing_id, place_of
from leftfold.processes.process import Process
from leftfold.processes.running import Following, RunningProcess
from leftfold.processes.transition import Cause, event_causes, name_of
from leftfold.store.table_checks import check_keys
from leftfold.store.work import End, Revise, WorkItem, WorkWrite
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Failure, Outcome, keyed
from leftfold.subscriptions.parking import error_text
from leftfold.subscriptions.policy import Failing

__all__ = ["Processor"]

_position: Final = attrgetter("position")
_TRIM: Final = 64
"""Whenever so many more wait for an instance, those that wait no more are left out."""


class _Draft(Struct, frozen=True):
    """An instance, and what is to be written for it.

    Args:
        item: as it was read; None when there is none.
        was: what was kept of it.
        new: events without an instance that are not kept yet, in log order.
        writes: for what was kept beside it, and its commands.
    """

    item: WorkItem | None
    process: Process[Any]
    was: Instance
    instance: Instance
    new: tuple[tuple[RecordedEvent[object], ...], ...] = ()
    writes: tuple[WorkWrite, ...] = ()


_Waited: TypeAlias = "tuple[MissingEvent, Sequence[RecordedEvent[object]], WorkItem | None]"


class Processor:
    """The consumer of one part of a log that a process follows; it keeps nothing between two batches.

    Args:
        running: the process at work.
        following: which log.
    """

    def __init__(self, running: RunningProcess, following: Following) -> None:
        self.events: frozenset[type] = following.events
        self._running = running
        self._source = following.source

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the key of its instance."""
        versions = self._running.family.versions.values()
        keys = (one.key(event) for one in versions if type(event.event) in one.events)
        found = tuple(dict.fromkeys(key for key in keys if key is not None))
        check_keys(map(self._running.item_id, found))
        return found

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        if only is not None and not events:
            return Outcome(await self._woken(only), ())
        steps = keyed(events, self.subjects, only)
        ids = {self._running.item_id(key) for key, _ in steps if key not in parked}
        items = await self._running.store.work(ids)
        drafts: dict[str, _Draft] = {}
        failures: list[Failure] = []
        failed: set[str] = set()
        parks = self._running.family.newest.policy.failing is Failing.PARK
        task = running_task()
        for key, parts in _grouped(steps):
            if key in failed or key in parked:
                failures.append(Failure(key, parts[0], None))
                continue
            try:
                draft = drafts.get(key) or self._draft(items.get(self._running.item_id(key)))
                drafts[key] = await self._handled(draft, key, parts)
            except BaseException as error:  # whatever a user's function raises concerns its instance alone
                if ends_task(error, task):
                    raise
                failures.append(Failure(key, parts[0], error))
                if parks:
                    failed.add(key)
        writes = [
            write for key, draft in drafts.items() for write in self._writes(await self._trimmed(draft, key), key)
        ]
        return Outcome(sorted(writes, key=attrgetter("id")), failures)  # one order, so that two never wait in a circle

    def forget(self) -> None:
        """See `Consumer.forget`: it keeps nothing."""

    async def _woken(self, key: str) -> Sequence[WorkWrite]:
        """What wakes an instance for its timers, which wait ever longer while an event of it is parked."""
        id = self._running.item_id(key)
        item = (await self._running.store.work([id])).get(id)
        try:
            wake = self._running.instance(item).wake_at
        except UnreadableState:  # whoever fires timers says so
            return ()
        if item is None or wake is None or item.wake_at == wake:
            return ()
        return (Revise(id=id, token=item.token, status=item.status, state=item.state, wake=wake),)

    def _draft(self, item: WorkItem | None) -> _Draft:
        instance = self._running.instance(item)
        process = self._running.process(item) if instance.begun else self._running.family.newest
        return _Draft(item, process, instance, instance)

    async def _handled(self, draft: _Draft, key: str, parts: Sequence[RecordedEvent[object]]) -> _Draft:
        wanted = [one for one in parts if self._running.holds(draft.process, key, one)]
        if not wanted:
            return draft
        began, draft = draft.instance.begun, self._taken(draft, key, wanted)
        if not draft.instance.begun:
            return _waiting(draft, wanted, self._source)
        return draft if began else await self._handed_in(draft, key)

    def _taken(self, draft: _Draft, key: str, parts: Sequence[RecordedEvent[object]]) -> _Draft:
        instance, commands = draft.instance, list(draft.writes)
        for cause in event_causes(parts, self._running.origin(key)):
            if instance.ended:
                instance = instance.noted(_ended(cause))
                continue
            result = self._running.take(draft.process, key, instance, cause)
            if result.applied or instance.begun:
                instance = result.instance
                commands += result.commands
        return replace(draft, instance=instance, writes=tuple(commands))

    async def _handed_in(self, draft: _Draft, key: str) -> _Draft:
        """Hand in what has waited, in log order; one that the function raises at is dead, and holds up nothing."""
        task = running_task()
        waited = await self._kept(draft, key)
        draft = replace(draft, new=())
        for event, parts, item in sorted(waited, key=_order):
            try:
                draft = self._taken(draft, key, [one for one in parts if self._running.holds(draft.process, key, one)])
                done: tuple[WorkWrite, ...] = (End(id=item.id, token=item.token),) if item is not None else ()
            except BaseException as error:  # as above
                if ends_task(error, task):
                    raise
                done = (_dead(replace(event, error=error_text(error)), item),)
                self._running.went_wrong("event", "dead")
            draft = replace(draft, writes=(*draft.writes, *done))
        return draft

    async def _kept(self, draft: _Draft, key: str) -> list[_Waited]:
        """What has waited, but for what was given up; that an event is new is told by its place, which may be left out
        of what was given up and comes again.
        """
        ids = [missing_id(self._running.name, key, place) for place in draft.was.parked]
        new = [(self._missing(key, parts), parts) for parts in draft.new]
        known = await self._running.store.work([*ids, *(event.id for event, _ in new)])
        items = [item for item in known.values() if item.status != "dead"]
        events = [(load_missing(item.state), item) for item in items]
        kept = [(event, await self._running.event_at(event.source, event.position), item) for event, item in events]
        return [*kept, *((event, parts, None) for event, parts in new if event.id not in known)]

    async def _trimmed(self, draft: _Draft, key: str) -> _Draft:
        """Without the places of what waits no more, looked for now and then: an instance may never begin."""
        was, parked = draft.was.parked, draft.instance.parked
        if len(parked) // _TRIM <= len(was) // _TRIM:
            return draft
        ids = {place: missing_id(self._running.name, key, place) for place in was}
        known = await self._running.store.work(ids.values())
        gone = {place for place, id in ids.items() if not _waits(known.get(id))}
        places = tuple(place for place in parked if place not in gone)
        return replace(draft, instance=replace(draft.instance, parked=places))

    def _writes(self, draft: _Draft, key: str) -> Iterator[WorkWrite]:
        yield from draft.writes
        for parts in draft.new:
            if (patience := draft.process.missing) is not None:
                yield missing_event(self._missing(key, parts), parts[0].recorded_at + patience)
        if draft.instance is not draft.was:
            item = draft.item or self._running.item_id(key)
            yield self._running.written(item, draft.process, draft.instance, draft.instance.wake_at)

    def _missing(self, key: str, parts: Sequence[RecordedEvent[object]]) -> MissingEvent:
        position, name = parts[0].position, name_of(parts[0])
        return MissingEvent(process=self._running.name, key=key, source=self._source, position=position, type=name)


def _waits(item: WorkItem | None) -> bool:
    return item is not None and item.status != "dead"


def _waiting(draft: _Draft, parts: Sequence[RecordedEvent[object]], source: str) -> _Draft:
    """Let an event wait for its instance, which is kept as one that has not begun: who begins it meets this."""
    first, parked = parts[0], draft.instance.parked
    place = place_of(source, first.position)
    if draft.process.missing is None or place in parked:
        return draft
    entry = Entry(kind="parked", what=name_of(first), at=first.recorded_at, position=first.position)
    instance = replace(draft.instance.noted(entry), parked=(*parked, place))
    return replace(draft, instance=instance, new=(*draft.new, tuple(parts)))


def _order(waited: _Waited) -> tuple[datetime, int]:
    """Log order; by time where there are several logs."""
    event, parts, _ = waited
    return (parts[0].recorded_at if parts else datetime.min.replace(tzinfo=UTC), event.position)


def _grouped(
    steps: Sequence[tuple[str, RecordedEvent[object]]],
) -> Iterator[tuple[str, list[RecordedEvent[object]]]]:
    """The parts of each stored event, for each instance that they are for."""
    for _, parts in groupby(steps, key=lambda step: step[1].position):
        found: dict[str, list[RecordedEvent[object]]] = {}
        for key, event in parts:
            found.setdefault(key, []).append(event)
        yield from found.items()


def _ended(cause: Cause) -> Entry:
    at, position = cause.recorded.recorded_at, cause.position
    return Entry(kind="ignored", what=cause.what, at=at, position=position, note="it has ended")


def _dead(event: MissingEvent, item: WorkItem | None) -> WorkWrite:
    if item is None:
        return missing_event(event, None)
    return Revise(id=item.id, token=item.token, status="dead", state=dump_missing(event), wake=None)

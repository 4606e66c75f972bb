"""The reference store's writes: events, rows, checkpoints and work, all of a transaction or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from leftfold.errors import ConditionFailed, IdReused
from leftfold.store.checks import check_append
from leftfold.store.events import AppendCondition, Appended, NewEvent, StoredEvent, ToStream
from leftfold.store.memory_checkpoints import MemoryCheckpoints
from leftfold.store.memory_tables import Undo
from leftfold.store.memory_work import MemoryWork
from leftfold.store.names import plain
from leftfold.store.projecting import projected, rest_behind, rest_keys, rest_writes
from leftfold.store.table_checks import check_transaction
from leftfold.store.transaction import Advance, Point, Transaction, Write
from leftfold.store.verdict import check_version, first_result, matches
from leftfold.store.work import Begin, End, Revise

__all__ = ["MemoryWrites"]


class MemoryWrites(MemoryCheckpoints, MemoryWork):
    """See `Store.append` and `Transacting`."""

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `Store.append`."""
        self._check_open()
        check_append(parts, condition)
        appended, events = self._judged(parts, condition)
        self._keep(events)
        return appended

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        self._check_open()
        check_transaction(transaction)
        if not transaction.parts:
            self._write(transaction, None, ())
            self._log.wake_all()
            return None
        check_append(transaction.parts, transaction.condition)
        appended, events = self._judged(transaction.parts, transaction.condition)
        if not appended.repeated:
            self._write(transaction, appended, events)
        self._keep(events)
        return appended

    def _judged(
        self, parts: Sequence[ToStream], condition: AppendCondition | None
    ) -> tuple[Appended, list[StoredEvent]]:
        known = {
            event.id: self._log.by_id[event.id]
            for part in parts
            for event in part.events
            if event.id in self._log.by_id
        }
        first = parts[0].events[0].id
        if first in known:
            return first_result(parts, known), []
        if condition is not None and any(
            matches(event, condition.none_of) for event in self._log.events[condition.after :]
        ):
            raise ConditionFailed(condition.after)
        for part in parts:
            check_version(part.stream, part.expected, self._log.version(part.stream))
        for event in known.values():
            raise IdReused(event.id, event.stream, event.version)
        return self._recorded(parts)

    def _recorded(self, parts: Sequence[ToStream]) -> tuple[Appended, list[StoredEvent]]:
        now = self._now()
        versions: dict[str, int] = {}
        events: list[StoredEvent] = []
        for part in parts:
            for new in part.events:
                versions[part.stream] = versions.get(part.stream, self._log.version(part.stream)) + 1
                position = len(self._log.events) + len(events) + 1
                events.append(_stored(new, (position, part.stream, versions[part.stream]), now))
        return Appended(position=events[-1].position, versions=versions, recorded_at=now), events

    def _write(self, transaction: Transaction, appended: Appended | None, new: Sequence[StoredEvent]) -> None:
        undo = Undo()
        try:
            for write in transaction.writes:
                self._do(write, new, undo)
            if appended is not None:
                self._project(transaction, appended, undo)
        except BaseException:
            undo.take_back()
            raise

    def _project(self, transaction: Transaction, appended: Appended, undo: Undo) -> None:
        for inline in transaction.inline:
            for write in projected(inline, appended, self._log.tables.read(inline.reads)):
                self._log.tables.write(write, undo)

    def _do(self, write: Write, new: Sequence[StoredEvent], undo: Undo) -> None:
        match write:
            case Advance():
                self._advance(write, undo)
            case Point(table=table, generation=generation):
                self._take_in(write, new, undo)
                self._log.tables.point(table, generation, undo)
            case Begin() | Revise() | End():
                self._work(write, undo)
            case _:
                self._log.tables.write(write, undo)

    def _take_in(self, point: Point, new: Sequence[StoredEvent], undo: Undo) -> None:
        rest = rest_behind(point, len(self._log.events) + len(new))
        if rest is not None:
            events = [*self._log.events, *new][point.at_head :]
            there = self._log.tables.rows(point.table, point.generation)
            rows = {key: there[key].row for key in rest_keys(rest, events) if key in there}
            for write in rest_writes(rest, events, rows):
                self._log.tables.write(write, undo)

    def _keep(self, events: Sequence[StoredEvent]) -> None:
        for event in events:
            self._log.keep(event)
        self._log.wake_all()

    def _now(self) -> datetime:
        now = self._clock.now().astimezone(UTC)
        return max(now, self._log.events[-1].recorded_at) if self._log.events else now


def _stored(event: NewEvent, place: tuple[int, str, int], now: datetime) -> StoredEvent:
    position, stream, version = place
    return StoredEvent(
        position=position,
        stream=plain(stream),
        version=version,
        id=event.id,
        type=plain(event.type),
        schema_version=event.schema_version,
        data=event.data,
        metadata=event.metadata,
        occurred_at=event.occurred_at.astimezone(UTC) if event.occurred_at else now,
        recorded_at=now,
        tags=tuple(sorted(set(map(plain, event.tags)))),
    )

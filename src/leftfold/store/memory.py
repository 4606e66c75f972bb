"""The reference store: the port's laws in plain Python, for tests and as the oracle of every other store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from leftfold.clock import Clock, SystemClock
from leftfold.errors import ConditionFailed, IdReused
from leftfold.store.checks import check_append, check_moment, check_range
from leftfold.store.events import (
    AppendCondition,
    Appended,
    Fact,
    NewEvent,
    Page,
    QueryItem,
    StoredEvent,
    ToStream,
)
from leftfold.store.limits import SCAN_POSITIONS
from leftfold.store.memory_log import MemoryLog
from leftfold.store.memory_moments import MemorySnapshots, MemoryTimeline
from leftfold.store.names import category_of
from leftfold.store.restoring import check_continues
from leftfold.store.verdict import check_version, first_result, matches

__all__ = ["MemoryStore"]


class MemoryStore(MemoryTimeline, MemorySnapshots):
    """Keeps everything in this process and forgets it at the end; every law of the port holds but durability.

    Args:
        clock: gives the recorded times; the machine's clock when left out.
        log: what to open; a new, empty log when left out.
    """

    def __init__(self, *, clock: Clock | None = None, log: MemoryLog | None = None) -> None:
        super().__init__(log or MemoryLog())
        self._clock: Clock = clock or SystemClock()

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `Store.append`."""
        self._check_open()
        check_append(parts, condition)
        known = {
            event.id: self._log.by_id[event.id]
            for part in parts
            for event in part.events
            if event.id in self._log.by_id
        }
        first = parts[0].events[0].id
        if first in known:
            return first_result(parts, known)
        if condition is not None and any(
            matches(event, condition.none_of) for event in self._log.events[condition.after :]
        ):
            raise ConditionFailed(condition.after)
        for part in parts:
            check_version(part.stream, part.expected, self._log.version(part.stream))
        for event in known.values():
            raise IdReused(event.id, event.stream, event.version)
        now = self._now()
        for part in parts:
            for new in part.events:
                self._log.keep(self._stored(part.stream, new, now))
        self._log.wake_all()
        versions = {part.stream: self._log.version(part.stream) for part in parts}
        return Appended(position=len(self._log.events), versions=versions, recorded_at=now)

    async def read_stream(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[StoredEvent]:
        """See `Store.read_stream`."""
        self._check_open()
        check_range(after, upto, limit)
        chosen = self._log.streams.get(stream, [])[after:upto]
        return chosen[::-1][:limit] if backward else chosen[:limit]

    async def read_facts(
        self, stream: str, *, after: int = 0, upto: int | None = None, valid: datetime | None = None, limit: int = 500
    ) -> Sequence[Fact]:
        """See `Store.read_facts`."""
        self._check_open()
        check_range(after, upto, limit)
        moment = None if valid is None else check_moment(valid)
        return [
            (event.version, event.type, event.schema_version, event.data)
            for event in self._log.streams.get(stream, [])[after:upto]
            if moment is None or event.occurred_at <= moment
        ][:limit]

    async def read_log(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> Page:
        """See `Store.read_log`."""
        self._check_open()
        check_range(after, upto, limit)
        filtered = bool(match) or category is not None
        end = min(len(self._log.events), len(self._log.events) if upto is None else upto)
        if filtered:
            end = min(end, after + SCAN_POSITIONS)
        wanted = (
            event
            for event in self._log.events[after:end]
            if (category is None or category_of(event.stream) == category) and (not match or matches(event, match))
        )
        events = list(islice(wanted, min(limit, len(self._log.events))))
        full = len(events) == limit
        return Page(events, events[-1].position if full else max(after, end))

    async def head(self) -> int:
        """See `Store.head`."""
        self._check_open()
        return len(self._log.events)

    async def wake(self, after: int, timeout: float) -> int:
        """See `Store.wake`."""
        self._check_open()
        try:
            async with asyncio.timeout(timeout):
                while len(self._log.events) <= after and not self._closed:
                    await self._log.grown.wait()
        except TimeoutError:
            pass
        self._check_open()
        return len(self._log.events)

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        """See `Restorable.restore`."""
        self._check_open()
        here = {
            event.position: self._log.events[event.position - 1]
            for event in events
            if event.position <= len(self._log.events)
        }
        new = check_continues(events, here, self._log.events[-1] if self._log.events else None, self._log.version)
        for event in new:
            self._log.keep(event)
        if new:
            self._log.wake_all()
        return len(new)

    async def close(self) -> None:
        """See `Store.close`; the events are gone afterwards."""
        self._closed = True
        self._log.wake_all()

    def _now(self) -> datetime:
        now = self._clock.now().astimezone(UTC)
        return max(now, self._log.events[-1].recorded_at) if self._log.events else now

    def _stored(self, stream: str, event: NewEvent, now: datetime) -> StoredEvent:
        return StoredEvent(
            position=len(self._log.events) + 1,
            stream=stream,
            version=self._log.version(stream) + 1,
            id=event.id,
            type=event.type,
            schema_version=event.schema_version,
            data=event.data,
            metadata=event.metadata,
            occurred_at=event.occurred_at.astimezone(UTC) if event.occurred_at else now,
            recorded_at=now,
            tags=tuple(sorted(set(event.tags))),
        )

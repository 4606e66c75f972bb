"""The reference store: the port's laws in plain Python, for tests and as the oracle of every other store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from leftfold.clock import Clock
from leftfold.store.checks import check_match, check_moment, check_position, check_range, checked_clock
from leftfold.store.events import Fact, Page, QueryItem, StoredEvent
from leftfold.store.limits import SCAN_POSITIONS
from leftfold.store.memory_log import MemoryLog
from leftfold.store.memory_moments import MemorySnapshots, MemoryTimeline
from leftfold.store.memory_rows import MemoryRows
from leftfold.store.memory_writes import MemoryWrites
from leftfold.store.names import category_of
from leftfold.store.restoring import check_continues
from leftfold.store.verdict import matches

__all__ = ["MemoryStore"]


class MemoryStore(MemoryTimeline, MemorySnapshots, MemoryRows, MemoryWrites):
    """Keeps everything in this process and forgets it at the end; every law of the port holds but durability.

    Args:
        clock: what recorded times and leases go by; the machine's clock when left out.
        log: what to open; a new, empty log when left out.
    """

    def __init__(self, *, clock: Clock | None = None, log: MemoryLog | None = None) -> None:
        super().__init__(log or MemoryLog(), checked_clock(clock))

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
        check_match(match, category)
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
        check_position(after, "after")
        await self._until(lambda: len(self._log.events) > after, timeout)
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
        """See `Store.close`; what it kept is gone with its log."""
        self._closed = True
        self._log.wake_all()

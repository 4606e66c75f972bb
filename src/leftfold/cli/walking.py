"""What led to what in the logs of all contexts of an app, read within bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from heapq import heapify, heappop, heapreplace
from typing import Final, Protocol, TypeAlias

from leftfold.app.composition import App
from leftfold.app.running import Running
from leftfold.cli.paging import pages
from leftfold.cli.progress import Tell, progress
from leftfold.errors import UnreadableEvent
from leftfold.messages.metadata import Metadata
from leftfold.store.event_store import metadata_of
from leftfold.store.events import StoredEvent

__all__ = ["Causes", "walk"]

_Record: TypeAlias = Callable[[Running, StoredEvent, Metadata], str | None]
_Resolve: TypeAlias = Callable[[Running, StoredEvent], None]
_Log: TypeAlias = tuple[Running, int]

_RECENT: Final = 10_000
_RECENT_BYTES: Final = 16 * 1024 * 1024
_MOST_WAITING: Final = 100_000
_TOLD_EVERY: Final = 1_000


class Causes(Protocol):
    """Knows which events led to those that were taken, and are to be found."""

    @property
    def waiting(self) -> int:
        """How many there are."""
        ...

    def wants(self, id: str) -> bool:
        """Whether the event with this id is one of them."""
        ...

    def give_up(self) -> None:
        """No log has those that are still to be found."""
        ...


async def walk(app: App, causes: Causes, record: _Record, resolve: _Resolve) -> None:
    """Take every event of every context, and the event that led to each, within bounded memory.

    Logs are read side by side, by the time of recording: a cause has mostly been read shortly before, and is still at
    hand. For those that are not, the logs are read again, once for many of them.

    Args:
        app: open.
        record: takes an event of a context, whose metadata can be read; returns the id of its cause, if that is to be
            found.
        resolve: takes a cause.
    """
    running = [app.running(context.name) for context in app.contexts]
    logs = [(one, await one.store.head()) for one in running]
    with progress("reading events", sum(head for _, head in logs)) as tell:
        await _Walk(logs, causes, (record, resolve), tell).go()


class _Walk:
    def __init__(self, logs: Sequence[_Log], causes: Causes, take: tuple[_Record, _Resolve], tell: Tell) -> None:
        self._logs = logs
        self._causes = causes
        self._record, self._resolve = take
        self._tell = tell
        self._recent = _Recent()
        self._done = 0
        self._total = sum(head for _, head in logs)

    async def go(self) -> None:
        async for running, stored in _by_time(self._logs):
            self._take(running, stored)
            self._count()
            if self._causes.waiting > _MOST_WAITING:
                await self._look_back()
        if self._causes.waiting:
            await self._look_back()

    def _take(self, running: Running, stored: StoredEvent) -> None:
        cause: str | None = None
        with suppress(UnreadableEvent):  # `leftfold verify` tells which
            cause = self._record(running, stored, metadata_of(stored))
        id = str(stored.id)
        if cause is not None and (found := self._recent.get(cause)) is not None:
            self._resolve(*found)
        if self._causes.wants(id):  # clocks differ, so what it led to was recorded before it
            self._resolve(running, stored)
        self._recent.add(id, running, stored)

    async def _look_back(self) -> None:
        before, self._total = self._done, self._total + sum(head for _, head in self._logs)
        for running, head in self._logs:
            async for page in pages(running.store, upto=head):
                for stored in page.events:
                    if self._causes.wants(str(stored.id)):
                        self._resolve(running, stored)
                    self._count()
                if not self._causes.waiting:
                    self._total -= sum(head for _, head in self._logs) - (self._done - before)
                    return
        self._causes.give_up()

    def _count(self) -> None:
        self._done += 1
        if self._done % _TOLD_EVERY == 0:
            self._tell(self._done, self._total)


class _Recent:
    """Events that were read last, by id: so many, and so many bytes, at most."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, tuple[Running, StoredEvent]] = OrderedDict()
        self._bytes = 0

    def get(self, id: str) -> tuple[Running, StoredEvent] | None:
        return self._events.get(id)

    def add(self, id: str, running: Running, stored: StoredEvent) -> None:
        self._events[id] = running, stored
        self._bytes += _size(stored)
        while len(self._events) > _RECENT or self._bytes > _RECENT_BYTES:
            self._bytes -= _size(self._events.popitem(last=False)[1][1])


def _size(stored: StoredEvent) -> int:
    return len(stored.data) + len(stored.metadata)


async def _by_time(logs: Sequence[_Log]) -> AsyncIterator[tuple[Running, StoredEvent]]:
    """The events of all logs up to their heads, by the time of recording."""
    readers = [_events(log) for log in logs]
    firsts = [(at, await anext(reader, None)) for at, reader in enumerate(readers)]
    next_ones = [(first.recorded_at, at, first) for at, first in firsts if first is not None]
    heapify(next_ones)
    while next_ones:
        _, at, stored = next_ones[0]
        yield logs[at][0], stored
        following = await anext(readers[at], None)
        if following is None:
            heappop(next_ones)
        else:
            heapreplace(next_ones, (following.recorded_at, at, following))


async def _events(log: _Log) -> AsyncIterator[StoredEvent]:
    running, head = log
    async for page in pages(running.store, upto=head):
        for stored in page.events:
            yield stored

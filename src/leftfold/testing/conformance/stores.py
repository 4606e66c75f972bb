"""What the laws are told: a store to test, events to put into it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Protocol, TypeAlias

import pytest
from msgspec.structs import replace

from leftfold.ids import new_id
from leftfold.store.events import NewEvent, Page, QueryItem, StoredEvent
from leftfold.store.port import Restorable, Store
from leftfold.store.timeline import StreamHead

__all__ = [
    "NO_LEASES",
    "FullStore",
    "Later",
    "Laws",
    "Opener",
    "event",
    "events",
    "heads_of",
    "log_of",
    "opened",
    "scan",
    "shown_alike",
]

NO_LEASES: Final[Sequence[Any]] = (0.0, -1.0, float("nan"), float("inf"), 1e12, 10**5000, None, "600", True)
"""What is no number of seconds that something is held for."""


class FullStore(Store, Restorable, Protocol):
    """A store with its optional powers."""


Opener: TypeAlias = Callable[[], Coroutine[object, object, FullStore]]
"""Opens the same log each time it is called, as another process would."""


Later: TypeAlias = Callable[[float], Coroutine[object, object, None]]
"""Moves the clock that leases go by forward, by so many seconds, for every store that was or will be opened."""


class Laws:
    """Gives every law its fixture: `store`, opened by the subclass's `opener` and closed at the end."""

    @pytest.fixture
    async def store(self, opener: Opener) -> AsyncIterator[FullStore]:
        """A store that is empty when the test begins."""
        async with opened(opener) as store:
            yield store


@asynccontextmanager
async def opened(opener: Opener) -> AsyncGenerator[FullStore]:
    """A store on the same log, closed at the end of the block."""
    store = await opener()
    try:
        yield store
    finally:
        await store.close()


def event(type: str = "Happened", *, data: bytes = b'{"n":1}', tags: Sequence[str] = ()) -> NewEvent:
    """A new event with an id of its own."""
    return NewEvent(id=new_id(), type=type, data=data, tags=tuple(tags))


def events(count: int, *, type: str = "Happened") -> list[NewEvent]:
    """New events, numbered in their payload from 1."""
    return [event(type, data=b'{"n":%d}' % n) for n in range(1, count + 1)]


def shown_alike() -> list[NewEvent]:
    """Events of 0:30 and 1:30 UTC on 26 September 1993, which a clock that was set back between shows as 2:30 both."""
    shown = datetime(1993, 9, 26, 2, 30, tzinfo=_SetBack())
    return [replace(event(), occurred_at=shown.replace(fold=fold)) for fold in (0, 1)]


class _SetBack(tzinfo):
    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=1) + self.dst(dt)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=0 if dt and dt.fold else 1)

    def tzname(self, dt: datetime | None) -> str:
        return f"UTC+{self.utcoffset(dt)}"


async def log_of(store: Store) -> list[StoredEvent]:
    """The whole log, page by page."""
    return [event for page in await scan(store) for event in page.events]


async def scan(
    store: Store, *, match: tuple[QueryItem, ...] = (), category: str | None = None, limit: int = 500
) -> list[Page]:
    """Every page from the first event on, until a page does not move on."""
    pages: list[Page] = []
    after = 0
    while True:
        page = await store.read_log(after=after, match=match, category=category, limit=limit)
        if page.position == after:
            return pages
        assert page.position > after, "a page never steps back"
        pages.append(page)
        after = page.position


async def heads_of(
    store: Store, *, category: str | None = None, upto: int | None = None, limit: int = 500
) -> list[StreamHead]:
    """Every stream, page by page, until a page is shorter than its limit."""
    heads: list[StreamHead] = []
    while True:
        after = heads[-1].stream if heads else ""
        page = await store.streams(category=category, after=after, upto=upto, limit=limit)
        heads += page
        if len(page) < limit:
            return heads

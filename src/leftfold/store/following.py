"""Following the log event by event, from some position on and for ever, without ever skipping one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum
from typing import Final, NoReturn, TypeAlias
from uuid import UUID

from leftfold.errors import CheckpointMismatch, UnknownEventType, UnknownSchemaVersion, UnreadableEvent
from leftfold.messages.recorded import RecordedEvent, RecordedPage
from leftfold.store.events import Page, QueryItem, StoredEvent
from leftfold.store.port import Store

__all__ = ["Following", "Unknown", "id_at"]

_log = logging.getLogger("leftfold")
_PAGE: Final = 500
_WAIT_S: Final = 60.0

_Read: TypeAlias = Callable[[StoredEvent], Sequence[RecordedEvent[object]]]


class Unknown(Enum):
    """What a follower does at an event of a type or version that its code does not know."""

    WAIT = "wait"
    """It stays before that event until it is cancelled: newer code goes on from there."""

    STOP = "stop"
    """It raises the error."""


class Following:
    """Goes through the log of a store, page by page; see `EventStore.follow`.

    Args:
        store: whose log.
        read: gives the typed form of a stored event.
        unknown: what to do at an event that this code does not know.
    """

    def __init__(self, store: Store, read: _Read, unknown: Unknown) -> None:
        self._store = store
        self._read = read
        self._unknown = unknown

    async def pages(
        self, after: int, match: tuple[QueryItem, ...], category: str | None
    ) -> AsyncIterator[RecordedPage]:
        """Every page after a position; see `EventStore.follow`."""
        passed: UUID | None = None
        while True:
            page = await self._store.read_log(after=after, match=match, category=category, limit=_PAGE)
            readable, position, error = self._readable(page.events, page.position)
            last = await self._last(page, position) if position > after else None
            there = await self._event_at(after) if after else None  # read last: what was read before came after it
            if passed is not None and there != passed:
                raise CheckpointMismatch(None, after, await self._store.head())
            passed = last or there
            if position > after:
                yield RecordedPage(readable, position)
                after = position
            elif error is None:
                await self._store.wake(after, _WAIT_S)
            if error is not None:
                await self._stay(after, error)

    async def _last(self, page: Page, position: int) -> UUID:
        """The id of the event at *position*, which *page* was read up to."""
        if page.events and page.events[-1].position == position:
            return page.events[-1].id
        return await self._event_at(position)

    async def _event_at(self, position: int) -> UUID:
        """The id of the event at *position*; raises `CheckpointMismatch` when the log ends before it."""
        found = await id_at(self._store, position)
        if found is None:
            raise CheckpointMismatch(None, position, await self._store.head())
        return found

    def _readable(
        self, events: Sequence[StoredEvent], position: int
    ) -> tuple[list[RecordedEvent[object]], int, UnreadableEvent | None]:
        """What can be read before the first event that cannot, up to which position, and why not further."""
        readable: list[RecordedEvent[object]] = []
        for event in events:
            try:
                readable.extend(self._read(event))
            except UnreadableEvent as error:
                return readable, event.position - 1, error
        return readable, position, None

    async def _stay(self, after: int, error: UnreadableEvent) -> NoReturn:
        if self._unknown is Unknown.STOP or not isinstance(error, (UnknownEventType, UnknownSchemaVersion)):
            raise error
        _log.warning("following stays at position %d, for newer code to go on from there: %s", after, error)
        while True:  # what this code knows cannot change, so waking up only tells that the store is still open
            after = await self._store.wake(after, _WAIT_S)


async def id_at(store: Store, position: int) -> UUID | None:
    """The id of the event at *position*, from 1, of the log in *store*; None when there is none."""
    page = await store.read_log(after=position - 1, limit=1) if position else None
    return page.events[0].id if page and page.events else None

"""Noticing what others have committed: notifications wake, polling is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from leftfold.adapters.postgres.connecting import Connection, Connector, Readers
from leftfold.errors import StoreError

__all__ = ["Waker"]

_POLL_S = 0.5
_POOLED_POLL_S = 0.05
_THROTTLE_S = 0.02
_LAST_WORD_S = 1.0
_RETRY_S = 0.5


class Waker:
    """Wakes those who wait until a number has grown, in this process at once and in others by NOTIFY, after commits.

    Notifications are sent at most every 20 ms. Who hears none, because a pooler stands between or the listening
    connection broke, looks for itself: every 0.5 s, behind a pooler every 0.05 s.

    Args:
        about: what may have grown, a part of the channel's name; empty for the log.
    """

    def __init__(self, connector: Connector, readers: Readers, about: str = "") -> None:
        self._connector = connector
        self._readers = readers
        self._channel = f"leftfold_{connector.location.schema}{about}"
        self._news = asyncio.Event()
        self._untold = asyncio.Event()
        self._commits = self._told = 0
        self._teller: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    def grown(self) -> None:
        """Say that this process has committed."""
        self._wake_all()
        self._commits += 1
        self._untold.set()
        if self._teller is None:
            self._teller = asyncio.get_running_loop().create_task(self._tell())

    async def wake(self, look: Callable[[], Awaitable[int]], after: int, timeout_s: float) -> int:
        """Wait until *look* sees a number above *after* or *timeout_s* seconds have passed; returns the number."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        if self._listener is None and not self._connector.pooled:
            self._listener = loop.create_task(self._listen())
        poll_s = _POOLED_POLL_S if self._connector.pooled else _POLL_S
        while True:
            news = self._news
            number = await look()
            left = end - loop.time()
            if number > after or left <= 0:
                return number
            try:
                async with asyncio.timeout(min(left, poll_s)):
                    await news.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Tell of the last commit, then stop telling and listening; whoever waits is woken."""
        tasks = [task for task in (self._teller, self._listener) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._told < self._commits:
            with suppress(TimeoutError):  # a server that is gone holds up nobody's goodbye
                async with asyncio.timeout(_LAST_WORD_S):
                    await self._notify()
        self._wake_all()

    def _wake_all(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _heard(self, *_about: object) -> None:
        self._wake_all()

    async def _tell(self) -> None:
        while True:
            await self._untold.wait()
            self._untold.clear()
            await self._notify()
            await asyncio.sleep(_THROTTLE_S)

    async def _notify(self) -> None:
        # Without the setting, the commit of a notification would wait for a flush.
        sql = "select set_config('synchronous_commit', 'off', true), pg_notify($1, '')"
        commits = self._commits
        with suppress(StoreError):  # others poll
            await self._readers.fetch(sql, self._channel)
            self._told = commits

    async def _listen(self) -> None:
        while True:
            with suppress(Exception):  # whatever keeps it from listening: waiters poll, and it tries again
                await self._hear(await self._connector.connect())
            self._wake_all()
            await asyncio.sleep(_RETRY_S)

    async def _hear(self, connection: Connection) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        try:
            await connection.add_listener(self._channel, self._heard)
            self._wake_all()
            await gone.wait()
        finally:
            connection.terminate()

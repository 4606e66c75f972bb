"""A channel of notifications: told after commits, at most every 20 ms, and listened to on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from leftfold.adapters.postgres.connecting import Connection, Connector, Readers
from leftfold.errors import StoreError

__all__ = ["Channel", "Words"]

Words: TypeAlias = Callable[[], tuple[str, Callable[[], None]]]
"""What is to be told now, and what to do if it could not be told."""

_THROTTLE_S: Final = 0.02
_LAST_WORD_S: Final = 1.0
_RETRY_S = 0.5


class Channel:
    """Tells other processes that something has happened, and hears them. Who misses it looks for itself.

    Args:
        about: a part of the channel's name.
        words: gives what is to be told.
        heard: gets what was told, by this process too; None when something may have been missed.
    """

    def __init__(
        self,
        connector: Connector,
        readers: Readers,
        about: str,
        words: Words,
        heard: Callable[[str | None], None],
    ) -> None:
        self._connector = connector
        self._readers = readers
        self._name = f"leftfold_{connector.location.schema}{about}"
        self._words = words
        self._heard = heard
        self._untold = asyncio.Event()
        self._happened = self._told = 0
        self._turn = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def tell(self) -> None:
        """Have it told, soon."""
        self._happened += 1
        self._untold.set()
        self._keep("tell", self._tell)

    def listen(self) -> None:
        """Hear what is told from now on; behind a pooler there is nothing to hear."""
        if not self._connector.pooled:
            self._keep("listen", self._listen)

    async def close(self) -> None:
        """Tell the last of it, then stop telling and listening."""
        self._closed = True
        try:
            if self._told < self._happened:
                with suppress(TimeoutError):  # a server that is gone holds up nobody's goodbye
                    async with asyncio.timeout(_LAST_WORD_S):
                        await self._notify()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        if name not in self._tasks and not self._closed:  # who ends later than that tells nobody
            self._tasks[name] = asyncio.ensure_future(work())

    async def _tell(self) -> None:
        while True:
            await self._untold.wait()
            self._untold.clear()
            await self._notify()
            await asyncio.sleep(_THROTTLE_S)

    async def _notify(self) -> None:
        # Without the setting, the commit of a notification would wait for a flush.
        sql = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"
        async with self._turn:
            if self._told == self._happened:
                return
            happened, (text, not_told) = self._happened, self._words()
            try:
                with suppress(StoreError):  # others look
                    await self._readers.fetch(sql, self._name, text)
                    self._told = happened
            finally:
                if self._told < happened:
                    not_told()

    async def _listen(self) -> None:
        while True:
            with suppress(Exception):  # whatever keeps it from listening: who waits looks, and it tries again
                await self._hear(await self._connector.connect())
            self._heard(None)
            await asyncio.sleep(_RETRY_S)

    async def _hear(self, connection: Connection) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        location = self._connector.location
        try:
            async with asyncio.timeout(location.connect_timeout_s):
                await connection.add_listener(self._name, self._on_notification)
            self._heard(None)
            while not gone.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(location.deadline_s):
                        await gone.wait()
                await connection.execute("select 1", timeout=location.connect_timeout_s)  # it may have fallen silent
        finally:
            connection.terminate()

    def _on_notification(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._heard(f"{payload}")

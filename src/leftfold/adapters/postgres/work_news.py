"""Noticing that work is due: writes here wake at once, notifications tell other processes, looking is the truth.

::

    due or soon, written here  -> whoever waits for its queue looks at once
                             | at most every 20 ms: NOTIFY with the queues
    written there -> NOTIFY   -> whoever waits for one of them looks
    due at a time that a look saw -> looks then
    none of these             -> looks after a second
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Final

import msgspec

from leftfold.adapters.postgres.connecting import Connection, Connector, Readers
from leftfold.errors import StoreError
from leftfold.ids import new_id
from leftfold.store.limits import WORK_LOOK_S

__all__ = ["WorkNews"]

_THROTTLE_S: Final = 0.02
_LAST_WORD_S: Final = 1.0
_RETRY_S: Final = 0.5
_LONGEST: Final = 7900
"""Bytes of a notification, which PostgreSQL bounds."""


class _Waiter:
    """Somebody who waits for work of some queues."""

    def __init__(self, queues: Collection[str]) -> None:
        self._queues = frozenset(queues)
        self._news = asyncio.Event()

    def forget(self) -> None:
        """Wait for news that come from now on."""
        self._news.clear()

    def tell(self, queues: Collection[str] | None) -> None:
        """Something may be due in *queues*; None is all of them."""
        if queues is None or not self._queues.isdisjoint(queues):
            self._news.set()

    async def wait(self, timeout_s: float) -> None:
        """Wait for news, *timeout_s* seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()


class WorkNews:
    """Wakes those who wait for work. Who is behind a pooler hears no notifications and looks every second."""

    def __init__(self, connector: Connector, readers: Readers) -> None:
        self._connector = connector
        self._readers = readers
        self._channel = f"leftfold_{connector.location.schema}_work"
        self._me = new_id().hex
        self._waiters: set[_Waiter] = set()
        self._untold: set[str] = set()
        self._news = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def due(self, queues: Collection[str]) -> None:
        """Say that this process has committed something that is due in *queues*, or will be in a second."""
        self._all_hear(queues)
        self._untold.update(queues)
        self._news.set()
        self._keep("tell", self._tell)

    async def wait(self, queues: Collection[str], look: Callable[[], Awaitable[float]], timeout_s: float) -> None:
        """Wait until something of *queues* is due or *timeout_s* seconds have passed.

        Args:
            look: asks the database in how many seconds the next is due; 0 or less for now.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        if not self._connector.pooled:
            self._keep("listen", self._listen)
        waiter = _Waiter(queues)
        self._waiters.add(waiter)
        try:
            while True:
                waiter.forget()
                due_s = await look()
                left_s = end - loop.time()
                if due_s <= 0 or left_s <= 0:
                    return
                await waiter.wait(min(due_s, left_s, WORK_LOOK_S))
        finally:
            self._waiters.discard(waiter)

    async def close(self) -> None:
        """Tell of the last commit, then stop telling and listening; whoever waits is woken."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._untold:
            with suppress(TimeoutError):  # a server that is gone holds up nobody's goodbye
                async with asyncio.timeout(_LAST_WORD_S):
                    await self._notify()
        self._all_hear(None)

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        if name not in self._tasks:
            self._tasks[name] = asyncio.ensure_future(work())

    def _all_hear(self, queues: Collection[str] | None) -> None:
        for waiter in self._waiters:
            waiter.tell(queues)

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._notify()
            await asyncio.sleep(_THROTTLE_S)

    async def _notify(self) -> None:
        # Without the setting, the commit of a notification would wait for a flush.
        sql = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"
        told = frozenset(self._untold)
        text = msgspec.json.encode((self._me, sorted(told)))
        if len(text) > _LONGEST:
            text = msgspec.json.encode((self._me, None))
        with suppress(StoreError):  # others look
            await self._readers.fetch(sql, self._channel, text.decode())
            self._untold -= told

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        try:
            teller, queues = msgspec.json.decode(f"{payload}", type=tuple[str, list[str] | None])
        except msgspec.DecodeError:  # somebody else's words: look
            teller, queues = "", None
        if teller != self._me:
            self._all_hear(queues)

    async def _listen(self) -> None:
        while True:
            with suppress(Exception):  # whatever keeps it from listening: waiters look, and it tries again
                await self._hear(await self._connector.connect())
            self._all_hear(None)
            await asyncio.sleep(_RETRY_S)

    async def _hear(self, connection: Connection) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        try:
            await connection.add_listener(self._channel, self._heard)
            self._all_hear(None)
            await gone.wait()
        finally:
            connection.terminate()

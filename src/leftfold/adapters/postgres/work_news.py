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

from leftfold.adapters.postgres.channel import Channel
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.listening import Listener
from leftfold.ids import new_id
from leftfold.store.limits import WORK_LOOK_S

__all__ = ["WorkNews"]

_LONGEST: Final = 7900
"""Bytes of a notification, which PostgreSQL bounds."""

_decode: Final = msgspec.json.Decoder(tuple[str, list[str] | None]).decode


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

    def __init__(self, listener: Listener, readers: Readers) -> None:
        self._me = new_id().hex
        self._channel = Channel(listener, readers, "_work", self._words, self._heard)
        self._waiters: set[_Waiter] = set()
        self._untold: set[str] = set()

    def due(self, queues: Collection[str]) -> None:
        """Say that this process has committed something that is due in *queues*, or will be in a second."""
        self._all_hear(queues)
        self._untold.update(queues)
        self._channel.tell()

    async def wait(self, queues: Collection[str], look: Callable[[], Awaitable[float]], timeout_s: float) -> None:
        """Wait until something of *queues* is due or *timeout_s* seconds have passed.

        Args:
            look: asks the database in how many seconds the next is due; 0 or less for now.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        self._channel.listen()
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
        """Tell of the last commit, then stop telling; whoever waits is woken."""
        await self._channel.close()
        self._all_hear(None)

    def _all_hear(self, queues: Collection[str] | None) -> None:
        for waiter in self._waiters:
            waiter.tell(queues)

    def _words(self) -> tuple[str, Callable[[], None]]:
        queues, self._untold = self._untold, set()  # what is due while this is on its way is told once more
        text = msgspec.json.encode((self._me, sorted(queues)))
        if len(text) > _LONGEST:
            text = msgspec.json.encode((self._me, None))
        return text.decode(), lambda: self._untold.update(queues)

    def _heard(self, words: str | None) -> None:
        try:
            teller, queues = _decode(words) if words is not None else ("", None)
        except msgspec.DecodeError:  # somebody else's words: look
            teller, queues = "", None
        if teller != self._me:
            self._all_hear(queues)

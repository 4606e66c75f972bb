"""A channel of notifications: told after commits, at most every 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.listening import Heard, Listener
from leftfold.errors import StoreError

__all__ = ["Channel", "Words"]

Words: TypeAlias = Callable[[], tuple[str, Callable[[], None]]]
"""What is to be told now, and what to do if it could not be told."""

_THROTTLE_S: Final = 0.02
_LAST_WORD_S: Final = 1.0


class Channel:
    """Tells other processes that something has happened, and hears them. Who misses it looks for itself.

    Args:
        about: a part of its name.
        words: gives what is to be told.
        heard: gets what was told.
    """

    def __init__(self, listener: Listener, readers: Readers, about: str, words: Words, heard: Heard) -> None:
        self._readers = readers
        self._listener = listener
        self._name = listener.add(about, heard)
        self._words = words
        self._untold = asyncio.Event()
        self._happened = self._told = 0
        self._turn = asyncio.Lock()
        self._telling: asyncio.Task[None] | None = None
        self._closed = False

    def tell(self) -> None:
        """Have it told, soon."""
        self._happened += 1
        self._untold.set()
        if self._telling is None and not self._closed:  # who ends later than that tells nobody
            self._telling = asyncio.ensure_future(self._tell())

    def listen(self) -> None:
        """Hear what is told from now on, where there is anything to hear."""
        self._listener.listen()

    async def close(self) -> None:
        """Tell the last of it, then stop telling."""
        self._closed = True
        try:
            if self._told < self._happened:
                with suppress(TimeoutError):  # a server that is gone holds up nobody's goodbye
                    async with asyncio.timeout(_LAST_WORD_S):
                        await self._notify()
        finally:
            if self._telling is not None:
                self._telling.cancel()
                await asyncio.gather(self._telling, return_exceptions=True)

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

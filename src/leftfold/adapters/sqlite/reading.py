"""One open file: how it is read on the event loop, and written when no append is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from leftfold.adapters.sqlite.ends import data_version
from leftfold.adapters.sqlite.failures import is_busy, translated
from leftfold.adapters.sqlite.forking import let_go_in_children
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.rows import micros_of
from leftfold.adapters.sqlite.waiting import BUSY_RETRY_S, when_free
from leftfold.clock import Clock
from leftfold.errors import StoreClosed
from leftfold.store.checks import check_loop, check_timeout

__all__ = ["OpenFile", "leave"]

T = TypeVar("T")

_HEAD = "select coalesce(max(position), 0) from events"
_POLL_S = 0.02


def leave(connection: sqlite3.Connection, location: SqliteLocation) -> None:
    """End what transaction is open, and have commits flushed again, whatever comes of the first."""
    try:
        if connection.in_transaction:
            connection.execute("rollback")
    finally:
        connection.execute(f"pragma synchronous = {location.durability}")


class OpenFile:
    """A connection that belongs to the loop it was opened on."""

    def __init__(self, connection: sqlite3.Connection, location: SqliteLocation, clock: Clock) -> None:
        self._connection = connection
        self._location = location
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._grown = asyncio.Event()
        self._waiting = 0
        self._others: int | None = None
        self._writing = asyncio.Lock()
        self._gone = False
        let_go_in_children(self)

    @property
    def is_open(self) -> bool:
        """Whether its connection has not been closed."""
        return not self._gone

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that it was opened on."""
        return self._loop

    def abandon(self) -> None:
        """Close it without a word to anybody, in a forked child; its parent goes on with it."""
        self._closed = self._gone = True
        self._connection.close()

    async def _read(self, work: Callable[[], T]) -> T:
        """Do *work*, which reads whole pages, when nobody is in the way; it may be done again."""
        end = self._loop.time() + self._location.deadline_s
        while True:
            self._check_open()
            try:
                return work()
            except sqlite3.Error as error:
                if not is_busy(error) or self._loop.time() > end:
                    raise translated(error, self._location.path) from error
            await asyncio.sleep(BUSY_RETRY_S)

    async def _write(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Do *work* in a transaction of its own that waits for no flush; the loop has a turn before the next.

        Power loss may take the last of what is written like this, whole; nothing else does.
        """
        self._check_open()
        async with self._writing:
            result = await when_free(partial(self._committed, work), self._location)
            await asyncio.sleep(0)
        return result

    async def _until(self, reached: Callable[[int], bool], look: Callable[[], int], timeout: float) -> int:
        """Look until what is seen is enough, or *timeout* seconds have passed; returns what was seen last.

        Commits of this process have it look again at once, those of others within 20 ms.
        """
        check_timeout(timeout)
        end = self._loop.time() + timeout
        self._waiting += 1
        try:
            if self._others is None:
                self._watch_others()
            while not reached(seen := await self._read(look)) and (left := end - self._loop.time()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._grown.wait()
        finally:
            self._waiting -= 1
        return seen

    def _watch_others(self) -> None:
        """Wake all when another connection has committed; looks for all who wait, while somebody does."""
        before = self._others
        try:
            self._others = None if self._closed or not self._waiting else data_version(self._connection)
        except sqlite3.Error:  # who looks meets it too, and tells it
            self._others = 0
        if before is not None and before != self._others:
            self._wake_all()
        if self._others is not None:
            self._loop.call_later(_POLL_S, self._watch_others)

    def _wake_all(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def _at_once(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        """Do *work*, whose reads then all see the same moment."""
        cursor = self._connection.cursor()
        cursor.execute("begin")
        try:
            return work(cursor)
        finally:
            cursor.execute("rollback")

    def _committed(self, work: Callable[[sqlite3.Cursor], T]) -> T:
        execute = self._connection.execute
        if self._connection.in_transaction:
            leave(self._connection, self._location)  # which failed before
        execute("pragma synchronous = normal")
        try:
            execute("begin immediate")
            result = work(self._connection.cursor())
            execute("commit")
        finally:
            leave(self._connection, self._location)
        return result

    def _position(self) -> int:
        position: int = self._connection.execute(_HEAD).fetchone()[0]
        return position

    def _now(self) -> int:
        return micros_of(self._clock.now())

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"the store on {self._location.path} was closed; open it again")
        check_loop(self._loop)

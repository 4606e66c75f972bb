"""One open file, and how it is read on the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from leftfold.adapters.sqlite.failures import is_busy, translated
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.waiting import BUSY_RETRY_S
from leftfold.errors import StoreClosed

__all__ = ["OpenFile"]

T = TypeVar("T")

_HEAD = "select coalesce(max(position), 0) from events"


class OpenFile:
    """A connection that belongs to the loop it was opened on."""

    def __init__(self, connection: sqlite3.Connection, location: SqliteLocation) -> None:
        self._connection = connection
        self._location = location
        self._loop = asyncio.get_running_loop()
        self._closed = False

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

    def _position(self) -> int:
        position: int = self._connection.execute(_HEAD).fetchone()[0]
        return position

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"the store on {self._location.path} was closed; open it again")

"""Waiting for one's turn with the file, without ever blocking the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Final, TypeVar

from leftfold.adapters.sqlite.failures import is_busy, translated
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.errors import StoreBusy

__all__ = ["BUSY_RETRY_S", "held", "when_free"]

T = TypeVar("T")

BUSY_RETRY_S: Final = 0.002
"""Seconds between two tries. SQLite's own waiting blocks the loop and starves some of many processes."""


async def when_free(work: Callable[[], T], location: SqliteLocation) -> T:
    """Do *work* as soon as no other process holds the file.

    Args:
        work: leaves nothing behind when it raises.

    Raises:
        StoreBusy: others held the file until the location's deadline.
        StoreError: whatever else went wrong.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + location.deadline_s
    while True:
        try:
            return work()
        except sqlite3.Error as error:
            if not is_busy(error):
                raise translated(error, location.path) from error
            if loop.time() > end:
                raise held(location) from error
        await asyncio.sleep(BUSY_RETRY_S)


def held(location: SqliteLocation) -> StoreBusy:
    """The error for a file that others did not let go of until the deadline."""
    return StoreBusy(
        f"SQLite file {location.path} was held by others for {location.deadline_s:g} s; nothing was stored. End the "
        "transaction that holds it, or allow more with ?deadline_s="
    )

"""What the reference store keeps: events in order, snapshots, rows, checkpoints and work by key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from leftfold.clock import Clock
from leftfold.errors import StoreClosed
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.checks import check_loop, check_timeout
from leftfold.store.events import StoredEvent
from leftfold.store.memory_tables import KeptTables
from leftfold.store.snapshots import Snapshot, SnapshotKey
from leftfold.store.work import WorkItem

__all__ = ["MemoryLog", "OpenedLog"]


class MemoryLog:
    """The events themselves; stores opened on the same one see the same log, as processes see the same file."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.streams: dict[str, list[StoredEvent]] = {}
        self.by_id: dict[UUID, StoredEvent] = {}
        self.snapshots: dict[SnapshotKey, Snapshot] = {}
        self.tables: KeptTables = KeptTables()
        self.checkpoints: dict[str, Checkpoint] = {}
        self.tokens = 0
        self.work: dict[str, WorkItem] = {}
        self.grown: asyncio.Event = asyncio.Event()

    def keep(self, event: StoredEvent) -> None:
        """Add *event* at the end."""
        self.events.append(event)
        self.streams.setdefault(event.stream, []).append(event)
        self.by_id[event.id] = event

    def version(self, stream: str) -> int:
        """The version of *stream*, 0 when there is none."""
        return len(self.streams.get(stream, ()))

    def wake_all(self) -> None:
        """Wake every waiter there is now."""
        self.grown.set()
        self.grown = asyncio.Event()


class OpenedLog:
    """A log that one store has opened and can close.

    Args:
        clock: what recorded times and leases go by.
    """

    def __init__(self, log: MemoryLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def _until(self, reached: Callable[[], bool], timeout: float) -> None:
        """Wait until *reached*, or until *timeout* seconds have passed."""
        self._check_open()
        check_timeout(timeout)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not (reached() or self._closed):
                    await self._log.grown.wait()
        self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed("the memory store was closed; open another")
        if self._loop is None or self._loop.is_closed():  # nobody on that one waits any more
            self._loop = asyncio.get_running_loop()
        check_loop(self._loop)

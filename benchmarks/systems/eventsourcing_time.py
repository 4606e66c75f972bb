"""eventsourcing: snapshots, states as of a version, and upcasts; it cannot be asked for a recorded time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.pasts import PASTS, Past, check
from benchmarks.servers import Servers
from benchmarks.systems.eventsourcing import TABLES, make_place, open_bank
from benchmarks.systems.subject import Blocking, Plan, Subject
from benchmarks.works import Task

if TYPE_CHECKING:
    from eventsourcing.persistence import StoredEvent

    from benchmarks.systems.eventsourcing_bank import Bank

__all__ = ["EventsourcingTime"]

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class EventsourcingTime:
    """eventsourcing on one database."""

    database: Database
    tasks: frozenset[Task] = frozenset(PASTS) - {Task.AT_RECORDED, Task.AT_RECORDED_KEPT}

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"eventsourcing {self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = await make_place(self.database, servers, slow_flush=slow_flush)
        open_bank(self.database, url, CREATE_TABLE="yes", IS_SNAPSHOTTING_ENABLED="yes").close()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self.database.count(url, TABLES[self.database.name])

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        with (
            closing(open_bank(self.database, url)) as bank,
            closing(open_bank(self.database, url, IS_SNAPSHOTTING_ENABLED="yes")) as keeping,
        ):
            yield _Subject(self.database, url, bank, keeping)


class _Subject:
    def __init__(self, database: Database, url: str, bank: Bank, keeping: Bank) -> None:
        self._database = database
        self._url = url
        self._bank = bank
        self._keeping = keeping
        self._id = uuid4()

    async def prepare(self, task: Task, aggregates: int) -> int:
        past = PASTS[task]
        stored = [self._bank.copied(event, self._id) for event in self._pattern(task, past.size)]
        for at in range(0, len(stored), _BATCH):
            self._bank.recorder.insert_events(stored[at : at + _BATCH])
        for version in past.snapshots:
            self._keeping.take_snapshot(self._id, version)
        return len(stored)

    def plan(self, task: Task, callers: int) -> Plan:
        past = PASTS[task]
        call = partial(_load, self._keeping if past.snapshots else self._bank, self._id, past)
        units = past.size if task in (Task.READ_NEW, Task.READ_OLD) else 1
        return Blocking([call], units, 0, f"get, {past.replayed:,} folded", past.replayed // units)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _pattern(self, task: Task, size: int) -> Sequence[StoredEvent]:
        from benchmarks.systems.eventsourcing_ledger import new_pattern, old_pattern

        match task:
            case Task.READ_NEW:
                return new_pattern(self._bank, size)
            case Task.READ_OLD:
                return old_pattern(self._bank, size)
            case _:
                return self._bank.pattern(size)


def _load(bank: Bank, id: UUID, past: Past) -> None:
    version = None if past.version == past.size else past.version
    check(bank.repository.get(id, version=version).version, past.version)

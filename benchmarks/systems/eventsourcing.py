"""eventsourcing: appends at its recorder, aggregates through its application; its callers are threads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg

from benchmarks.databases import Database, Postgres
from benchmarks.durability import Settings
from benchmarks.payloads import make_payload
from benchmarks.servers import Servers
from benchmarks.systems.subject import Blocking, Plan, Subject
from benchmarks.works import Task

if TYPE_CHECKING:
    from eventsourcing.persistence import ApplicationRecorder

    from benchmarks.systems.eventsourcing_bank import Bank

__all__ = ["Eventsourcing"]

_HUNDRED = 100
_TABLES = {"sqlite": "stored_events", "postgres": "bank_events"}
_BATCH = 5_000
_LOCK_TIMEOUT_S = "60"


@dataclass(frozen=True, slots=True)
class Eventsourcing:
    """eventsourcing on one database."""

    database: Database
    tasks: frozenset[Task] = frozenset(Task)

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"eventsourcing {self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self.database.place(servers, slow_flush=slow_flush)
        if isinstance(self.database, Postgres):
            connection = await asyncpg.connect(self.database.dsn(url))
            await connection.execute(f"create schema {self.database.schema(url)}")
            await connection.close()
        _open_bank(self.database, url, create="yes").close()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self.database.count(url, _TABLES[self.database.name])

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        bank = _open_bank(self.database, url, create="no")
        try:
            yield _Subject(self.database, url, bank)
        finally:
            bank.close()


class _Subject:
    def __init__(self, database: Database, url: str, bank: Bank) -> None:
        self._database = database
        self._url = url
        self._bank = bank
        self._ids: list[UUID] = []

    async def prepare(self, aggregates: int) -> int:
        self._ids = [uuid4() for _ in range(aggregates)]
        pattern = self._bank.pattern(_HUNDRED)
        stored = [self._bank.copied(event, id) for id in self._ids for event in pattern]
        for at in range(0, len(stored), _BATCH):
            self._bank.recorder.insert_events(stored[at : at + _BATCH])
        return len(stored)

    def plan(self, task: Task, callers: int) -> Plan:
        recorder, bank = self._bank.recorder, self._bank
        shares = [cycle(self._ids[caller::callers]) for caller in range(callers)]
        match task:
            case Task.APPEND | Task.APPEND_SYNC:
                return Blocking([_appends(recorder, 1) for _ in range(callers)], 1, 1, "recorder")
            case Task.APPEND_100:
                calls = [_appends(recorder, _HUNDRED) for _ in range(callers)]
                return Blocking(calls, _HUNDRED, _HUNDRED, "recorder")
            case Task.LOAD:
                loads = [partial(_next, bank.load, share) for share in shares]
                return Blocking(loads, _HUNDRED, 0, "repository.get")
            case Task.COMMAND:
                commands = [partial(_next, bank.deposit, share) for share in shares]
                return Blocking(commands, 1, 1, "get, method, save; no cache")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)


def _appends(recorder: ApplicationRecorder, each: int) -> Callable[[], object]:
    from eventsourcing.persistence import StoredEvent

    id, version = uuid4(), 0

    def append() -> None:
        nonlocal version
        events = [StoredEvent(id, version + number, "bank:Deposited", make_payload()) for number in range(1, each + 1)]
        recorder.insert_events(events)
        version += each

    return append


def _next(call: Callable[[UUID], object], ids: Iterator[UUID]) -> None:
    call(next(ids))


def _open_bank(database: Database, url: str, *, create: str) -> Bank:
    from benchmarks.systems.eventsourcing_bank import Bank

    return Bank(env={"CREATE_TABLE": create, **_environment(database, url)})


def _environment(database: Database, url: str) -> Mapping[str, str]:
    split = urlsplit(url)
    if not isinstance(database, Postgres):
        return {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": split.path[1:],
            "SQLITE_LOCK_TIMEOUT": _LOCK_TIMEOUT_S,
        }
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": split.path[1:],
        "POSTGRES_HOST": split.hostname or "",
        "POSTGRES_PORT": str(split.port),
        "POSTGRES_USER": split.username or "",
        "POSTGRES_PASSWORD": "none",
        "POSTGRES_SCHEMA": database.schema(url),
    }

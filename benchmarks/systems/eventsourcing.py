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

__all__ = ["TABLES", "Eventsourcing", "cached_eventsourcing", "environment", "make_place", "open_bank"]

_HUNDRED = 100
TABLES = {"sqlite": "stored_events", "postgres": "bank_events"}
_BATCH = 5_000
_LOCK_TIMEOUT_S = "60"
_TASKS = frozenset(  # commands beside a cache, too: what a cache brings shows beside a system without one
    {Task.APPEND, Task.APPEND_SYNC, Task.APPEND_100, Task.LOAD, Task.COMMAND, Task.COMMAND_CACHED, Task.SEND}
)


@dataclass(frozen=True, slots=True)
class Eventsourcing:
    """eventsourcing on one database."""

    database: Database
    tasks: frozenset[Task] = _TASKS
    cached: int = 0

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"eventsourcing {'cached ' if self.cached else ''}{self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = await make_place(self.database, servers, slow_flush=slow_flush)
        open_bank(self.database, url, CREATE_TABLE="yes").close()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self.database.count(url, TABLES[self.database.name])

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        caching = {"AGGREGATE_CACHE_MAXSIZE": str(self.cached)} if self.cached else {}
        bank = open_bank(self.database, url, **caching)
        try:
            yield _Subject(self.database, url, bank)
        finally:
            bank.close()


def cached_eventsourcing(database: Database) -> Eventsourcing:
    """eventsourcing with the states of all aggregates kept in the process."""
    return Eventsourcing(database, frozenset({Task.COMMAND_CACHED}), 1_000)


async def make_place(database: Database, servers: Servers, *, slow_flush: bool) -> str:
    """The URL of a new store without tables."""
    url = database.place(servers, slow_flush=slow_flush)
    if isinstance(database, Postgres):
        connection = await asyncpg.connect(database.dsn(url))
        await connection.execute(f"create schema {database.schema(url)}")
        await connection.close()
    return url


def open_bank(database: Database, url: str, **settings: str) -> Bank:
    """The application on the store at *url*; its tables are not created unless *settings* say so."""
    from benchmarks.systems.eventsourcing_bank import Bank

    return Bank(env={"CREATE_TABLE": "no", **environment(database, url), **settings})


class _Subject:
    def __init__(self, database: Database, url: str, bank: Bank) -> None:
        self._database = database
        self._url = url
        self._bank = bank
        self._ids: list[UUID] = []

    async def prepare(self, task: Task, aggregates: int) -> int:
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
            case Task.COMMAND | Task.COMMAND_CACHED | Task.SEND:
                commands = [partial(_next, bank.deposit, share) for share in shares]
                cached = "no cache" if bank.repository.cache is None else "reads what is new"
                return Blocking(commands, 1, 1, f"get, method, save; {cached}")
            case other:
                raise ValueError(f"no append work: {other}")

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


def environment(database: Database, url: str) -> Mapping[str, str]:
    """How its libraries are told where the store at *url* is."""
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

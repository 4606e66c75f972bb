"""The bare drivers: as many commits of one changed row, one after another, as a saga of three steps needs."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from itertools import count
from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg

from benchmarks.databases import Postgres, Sqlite
from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.systems.subject import Awaited, Blocking, Plan, Subject
from benchmarks.works import Task

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

__all__ = ["RawCommitsPostgres", "RawCommitsSqlite"]

_COMMITS: Final = 4
_HOW: Final = f"{_COMMITS} commits of one row"
_STATE: Final = '{"steps":[{"name":"book","status":"done","tries":1}]}'


class RawCommitsSqlite:
    """The limit that SQLite sets."""

    name = "raw sqlite"
    tasks = frozenset({Task.SAGA})

    def __init__(self) -> None:
        self._database = Sqlite()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        yield self._database.place(servers, slow_flush=slow_flush)

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "work")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Sqlite]:
        path = self._database.path(url)
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma fullfsync = 1")
            connection.execute("create table work (id text primary key, state text not null) strict")
            yield _Sqlite(self._database, url, connection)


class _Sqlite:
    def __init__(self, database: Sqlite, url: str, connection: sqlite3.Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._numbers = count(1)

    async def prepare(self, task: Task, aggregates: int) -> int:
        return 0

    def plan(self, task: Task, callers: int) -> Plan:
        return Blocking([self._commit], 1, 1, _HOW)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _commit(self) -> None:
        connection, id = self._connection, f"saga/travel.Trip/{next(self._numbers)}"
        connection.execute("insert into work values (?, ?)", (id, _STATE))
        for _ in range(_COMMITS - 1):
            connection.execute("update work set state = ? where id = ?", (_STATE, id))


class RawCommitsPostgres:
    """The limit that PostgreSQL sets."""

    name = "raw postgres"
    tasks = frozenset({Task.SAGA})

    def __init__(self) -> None:
        self._database = Postgres()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        yield self._database.place(servers, slow_flush=slow_flush)

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "work")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Postgres]:
        connection = await asyncpg.connect(self._database.dsn(url))
        try:
            schema = self._database.schema(url)
            await connection.execute(f"create schema {schema}")
            await connection.execute(f"create table {schema}.work (id text primary key, state json not null)")
            yield _Postgres(self._database, url, connection)
        finally:
            await connection.close()


class _Postgres:
    def __init__(self, database: Postgres, url: str, connection: Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._schema = database.schema(url)
        self._numbers = count(1)

    async def prepare(self, task: Task, aggregates: int) -> int:
        return 0

    def plan(self, task: Task, callers: int) -> Plan:
        return Awaited([self._commit], 1, 1, _HOW)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _commit(self) -> None:
        connection, id = self._connection, f"saga/travel.Trip/{next(self._numbers)}"
        await connection.execute(f"insert into {self._schema}.work values ($1, $2)", id, _STATE)
        for _ in range(_COMMITS - 1):
            await connection.execute(f"update {self._schema}.work set state = $2 where id = $1", id, _STATE)

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
_COUNTED: Final = 10
# Each differs from the one before: SQLite does not write, nor flush, what is there already.
_STATES: Final = [f'{{"steps":[{{"name":"step {number}","status":"done","tries":1}}]}}' for number in range(_COMMITS)]


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
        self._commits = 0.0

    async def prepare(self, task: Task, aggregates: int) -> int:
        """Count what really is committed."""
        before = await self._database.commits(self._url)
        for _ in range(_COUNTED):
            self._commit()
        self._commits = (await self._database.commits(self._url) - before) / _COUNTED
        return _COUNTED

    def plan(self, task: Task, callers: int) -> Plan:
        return Blocking([self._commit], 1, 1, f"one row; {self._commits:g} commits")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _commit(self) -> None:
        connection, id = self._connection, f"saga/travel.Trip/{next(self._numbers)}"
        connection.execute("insert into work values (?, ?)", (id, _STATES[0]))
        for state in _STATES[1:]:
            connection.execute("update work set state = ? where id = ?", (state, id))


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
        self._commits = 0.0

    async def prepare(self, task: Task, aggregates: int) -> int:
        """Count what really is committed."""
        before = await self._database.commits(self._url)
        for _ in range(_COUNTED):
            await self._commit()
        self._commits = (await self._database.commits(self._url) - before) / _COUNTED
        return _COUNTED

    def plan(self, task: Task, callers: int) -> Plan:
        return Awaited([self._commit], 1, 1, f"one row; {self._commits:g} commits")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _commit(self) -> None:
        connection, id = self._connection, f"saga/travel.Trip/{next(self._numbers)}"
        await connection.execute(f"insert into {self._schema}.work values ($1, $2)", id, _STATES[0])
        for state in _STATES[1:]:
            await connection.execute(f"update {self._schema}.work set state = $2 where id = $1", id, state)

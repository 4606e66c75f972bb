"""The bare drivers: a loop over Leftfold's log that adds up rows of its own, a commit for each page."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from benchmarks.databases import Postgres, Sqlite
from benchmarks.durability import Settings
from benchmarks.payloads import Payload, read_deposit
from benchmarks.servers import Servers
from benchmarks.systems.leftfold import Account
from benchmarks.systems.leftfold_follow import fill
from benchmarks.systems.subject import Awaited, Blocking, Plan, Subject
from benchmarks.works import Task
from leftfold import App
from leftfold.app.opening import open_schema
from leftfold.ids import new_id

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

__all__ = ["RawFollowPostgres", "RawFollowSqlite"]

_PAGE = 500
_TASKS = frozenset({Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS})
_HOW = f"read, decode, upsert; a commit for {_PAGE} events"
_ADD = "on conflict (key) do update set amount = {table}.amount + excluded.amount"
_numbers = count(1)


class RawFollowSqlite:
    """The limit that SQLite sets."""

    name = "raw sqlite"
    tasks = _TASKS

    def __init__(self) -> None:
        self._database = Sqlite()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self._database.place(servers, slow_flush=slow_flush)
        await open_schema(url).migrate()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "events")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Sqlite]:
        path = self._database.path(url)
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
            connection.execute("pragma synchronous = full")
            connection.execute("pragma fullfsync = 1")
            yield _Sqlite(self._database, url, connection)


class _Sqlite:
    def __init__(self, database: Sqlite, url: str, connection: sqlite3.Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._size = 0

    async def prepare(self, task: Task, aggregates: int) -> int:
        async with App(Account, store=self._url) as app:
            self._size = await fill(app, [str(new_id()) for _ in range(aggregates)])
        return self._size

    def plan(self, task: Task, callers: int) -> Plan:
        each = task is Task.FOLLOW_EVENTS
        return Blocking([lambda: self._follow(each=each)], self._size, 0, _HOW, 1)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _follow(self, *, each: bool) -> None:
        connection, table, after = self._connection, f"balances_{next(_numbers)}", 0
        connection.execute(f"create table {table} (key text primary key, amount integer not null) strict")
        connection.execute(f"create table {table}_at (position integer not null) strict")
        connection.execute(f"insert into {table}_at values (0)")
        read = (
            "select position, name, data from events join names on number = stream "
            f"where position > ? order by position limit {_PAGE}"
        )
        while page := connection.execute(read, (after,)).fetchall():
            after = page[-1][0]
            connection.execute("begin immediate")
            connection.executemany(
                f"insert into {table} values (?, ?) {_ADD.format(table=table)}",
                [_row(name, read_deposit(data), each=each) for _, name, data in page],
            )
            connection.execute(f"update {table}_at set position = ?", (after,))
            connection.execute("commit")


class RawFollowPostgres:
    """The limit that PostgreSQL sets."""

    name = "raw postgres"
    tasks = _TASKS

    def __init__(self) -> None:
        self._database = Postgres()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self._database.place(servers, slow_flush=slow_flush)
        await open_schema(url).migrate()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "events")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Postgres]:
        connection = await asyncpg.connect(self._database.dsn(url))
        try:
            yield _Postgres(self._database, url, connection)
        finally:
            await connection.close()


class _Postgres:
    def __init__(self, database: Postgres, url: str, connection: Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._size = 0

    async def prepare(self, task: Task, aggregates: int) -> int:
        async with App(Account, store=self._url) as app:
            self._size = await fill(app, [str(new_id()) for _ in range(aggregates)])
        return self._size

    def plan(self, task: Task, callers: int) -> Plan:
        each = task is Task.FOLLOW_EVENTS
        return Awaited([lambda: self._follow(each=each)], self._size, 0, _HOW, 1)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _follow(self, *, each: bool) -> None:
        connection, schema, after = self._connection, self._database.schema(self._url), 0
        table = f"balances_{next(_numbers)}"
        await connection.execute(f"create table {schema}.{table} (key text primary key, amount bigint not null)")
        await connection.execute(f"create table {schema}.{table}_at as select 0::bigint as position")
        read = f"select position, stream, data from {schema}.events where position > $1 order by position limit {_PAGE}"
        while page := await connection.fetch(read, after):
            after = page[-1][0]
            async with connection.transaction():
                await connection.executemany(
                    f"insert into {schema}.{table} values ($1, $2) {_ADD.format(table=table)}",
                    [_row(stream, read_deposit(data), each=each) for _, stream, data in page],
                )
                await connection.execute(f"update {schema}.{table}_at set position = $1", after)


def _row(stream: str, deposit: Payload, *, each: bool) -> tuple[str, int]:
    return deposit.reference if each else stream, deposit.amount

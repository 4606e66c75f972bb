"""PostgreSQL's driver alone, into Leftfold's tables with all their columns and indexes; only uniqueness is checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import cycle
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from benchmarks.databases import Postgres
from benchmarks.durability import Settings
from benchmarks.payloads import CATEGORY, TYPE, make_payload, read_amount
from benchmarks.servers import Servers
from benchmarks.systems.subject import Awaited, Plan, Subject
from benchmarks.works import Task
from leftfold.app.opening import open_schema
from leftfold.ids import new_id
from leftfold.store.limits import BATCH_EVENTS

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

__all__ = ["RawPostgres"]

_HUNDRED = 100
_UNCHECKED = """
    create sequence {schema}.positions cache 1;
    drop trigger append_only on {schema}.events;
    drop trigger append_only on {schema}.tags;
"""
_COLUMNS = "position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags"
_INSERT = (
    """
    with stored as (
        insert into {schema}.events ("""
    + _COLUMNS
    + """)
        select nextval('{schema}.positions'), now(), now(), q.id, q.version, 1, q.stream, q.type, q.data::json, '{{}}',
            array[q.stream]
        from unnest($1::text[], $2::int[], $3::text[], $4::uuid[], $5::text[]) q (stream, version, type, id, data)
        returning position, tags[1] as tag)
    insert into {schema}.tags (tag, position) select tag, position from stored
"""
)
_SELECT = "select version, type, schema_version, data from {schema}.events where stream = $1 order by version"


class RawPostgres:
    """The limit that PostgreSQL sets."""

    name = "raw postgres"
    tasks = frozenset({Task.APPEND, Task.APPEND_100, Task.LOAD})

    def __init__(self) -> None:
        self._database = Postgres()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self._database.place(servers, slow_flush=slow_flush)
        await open_schema(url).migrate()
        connection = await asyncpg.connect(self._database.dsn(url))
        await connection.execute(_UNCHECKED.format(schema=self._database.schema(url)))
        await connection.close()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "events")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        connection = await asyncpg.connect(self._database.dsn(url))
        try:
            yield _Subject(self._database, url, connection)
        finally:
            await connection.close()


class _Subject:
    def __init__(self, database: Postgres, url: str, connection: Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._insert = _INSERT.format(schema=database.schema(url))
        self._select = _SELECT.format(schema=database.schema(url))
        self._streams: list[str] = []

    async def prepare(self, task: Task, aggregates: int) -> int:
        writers = [_Stream() for _ in range(aggregates)]
        for writer in writers:
            await self._append([writer], _HUNDRED)
        self._streams = [writer.name for writer in writers]
        return aggregates * _HUNDRED

    def plan(self, task: Task, callers: int) -> Plan:
        streams = cycle(self._streams)
        match task:
            case Task.APPEND | Task.APPEND_SYNC:
                return self._appends(callers, 1)
            case Task.APPEND_100:
                return self._appends(min(callers, BATCH_EVENTS // _HUNDRED), _HUNDRED)
            case Task.LOAD:
                return Awaited([lambda: self._load(next(streams))], _HUNDRED, 0, "select, decode, sum")
            case other:
                raise ValueError(f"the bare driver does not {other.value}")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _appends(self, together: int, each: int) -> Plan:
        writers = [_Stream() for _ in range(together)]
        size = together * each
        return Awaited([lambda: self._append(writers, each)], size, size, _how(together))

    async def _load(self, stream: str) -> int:
        return sum(read_amount(row[3]) for row in await self._connection.fetch(self._select, stream))

    async def _append(self, writers: Sequence[_Stream], each: int) -> None:
        rows = [
            (writer.name, writer.next(), TYPE, new_id(), make_payload().decode())
            for writer in writers
            for _ in range(each)
        ]
        await self._connection.execute(self._insert, *map(list, zip(*rows, strict=True)))


class _Stream:
    def __init__(self) -> None:
        self.name = f"{CATEGORY}-{new_id()}"
        self._version = 0

    def next(self) -> int:
        self._version += 1
        return self._version


def _how(together: int) -> str:
    return "one commit per append" if together == 1 else f"{together} appends in one commit"

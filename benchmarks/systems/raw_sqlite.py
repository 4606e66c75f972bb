"""SQLite's driver alone, into Leftfold's tables with all their columns and indexes; only uniqueness is checked."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from itertools import cycle

from benchmarks.databases import Sqlite
from benchmarks.durability import Settings
from benchmarks.payloads import CATEGORY, TYPE, make_payload, read_amount
from benchmarks.servers import Servers
from benchmarks.systems.subject import Blocking, Plan, Subject
from benchmarks.works import Task
from leftfold.app.opening import open_schema
from leftfold.ids import new_id
from leftfold.store.limits import BATCH_EVENTS

__all__ = ["RawSqlite"]

_HUNDRED = 100
_BUSY_S = 60.0
_TRIGGERS = "select name from sqlite_schema where type = 'trigger'"
_HEAD = "select coalesce(max(position), 0) from events"
_INSERT = (
    "insert into events (position, stream, version, type, schema_version, id, data, metadata, tags, recorded_at) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_TAG = "insert into tags (tag, position) values (?, ?)"
_INSERT_TAGS = "insert into tags (tag, position) select ?, position from events where position between ? and ?"
_INSERT_NAME = "insert into names (name) values (?) returning number"
_SELECT = (
    "select version, type, schema_version, data from events "
    "where stream = (select number from names where name = ?) order by version"
)


class RawSqlite:
    """What Python's driver comes to by itself."""

    name = "raw sqlite"
    tasks = frozenset({Task.APPEND, Task.APPEND_SYNC, Task.APPEND_100, Task.LOAD})

    def __init__(self) -> None:
        self._database = Sqlite()

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self._database.place(servers, slow_flush=slow_flush)
        await open_schema(url).migrate()
        with closing(sqlite3.connect(self._database.path(url))) as connection:
            for (trigger,) in connection.execute(_TRIGGERS).fetchall():
                connection.execute(f"drop trigger {trigger}")
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self._database.count(url, "events")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        path = self._database.path(url)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        with closing(connection):
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma fullfsync = 1")
            yield _Subject(self._database, url, connection)


class _Subject:
    def __init__(self, database: Sqlite, url: str, connection: sqlite3.Connection) -> None:
        self._database = database
        self._url = url
        self._connection = connection
        self._streams: list[str] = []

    async def prepare(self, task: Task, aggregates: int) -> int:
        writers = [_Stream(self._connection) for _ in range(aggregates)]
        for writer in writers:
            _append(self._connection, [writer], _HUNDRED)
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
                return Blocking([lambda: self._load(next(streams))], _HUNDRED, 0, "select, decode, sum")
            case other:
                raise ValueError(f"the bare driver does not {other.value}")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _appends(self, together: int, each: int) -> Plan:
        writers = [_Stream(self._connection) for _ in range(together)]
        size = together * each
        return Blocking([lambda: _append(self._connection, writers, each)], size, size, _how(together))

    def _load(self, stream: str) -> int:
        rows: list[tuple[int, str, int, str]] = self._connection.execute(_SELECT, (stream,)).fetchall()
        return sum(read_amount(data) for _, _, _, data in rows)


class _Stream:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.name = f"{CATEGORY}-{new_id()}"
        self.number: int = connection.execute(_INSERT_NAME, (self.name,)).fetchall()[0][0]
        self.version = 0


def _append(connection: sqlite3.Connection, writers: list[_Stream], each: int) -> None:
    connection.execute("begin immediate")
    position: int = connection.execute(_HEAD).fetchone()[0]
    now = time.time_ns() // 1000
    rows: list[tuple[object, ...]] = []
    runs: list[tuple[int, int, int]] = []
    for writer in writers:
        number = writer.number
        tags = f"[{number}]"
        runs.append((number, position + 1, position + each))
        for _ in range(each):
            position += 1
            writer.version += 1
            data = make_payload().decode()
            rows.append((position, number, writer.version, TYPE, 1, new_id().bytes, data, "{}", tags, now))
    connection.executemany(_INSERT, rows)
    if each == 1:
        connection.executemany(_INSERT_TAG, [(number, first) for number, first, _ in runs])
    else:
        connection.executemany(_INSERT_TAGS, runs)
    connection.execute("commit")


def _how(together: int) -> str:
    return "one commit per append" if together == 1 else f"{together} appends in one commit"

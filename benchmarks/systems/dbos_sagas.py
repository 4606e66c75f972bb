"""DBOS carrying out workflows of three steps; one database at a time, for there is one DBOS in a process."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from itertools import count
from typing import Final

from benchmarks.databases import Postgres, Sqlite
from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.systems.subject import Awaited, Plan, Subject
from benchmarks.works import Task

__all__ = ["DbosSagas"]

_SCHEMA: Final = "dbos"
_COUNTED: Final = 10


@dataclass(frozen=True, slots=True)
class DbosSagas:
    """DBOS on one database."""

    database: Sqlite | Postgres
    tasks: frozenset[Task] = frozenset({Task.SAGA})

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"dbos {self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`; DBOS makes its tables itself."""
        yield self.database.place(servers, slow_flush=slow_flush)

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        if isinstance(self.database, Sqlite):
            return await self.database.count(url, "workflow_status")
        return await self.database.count(f"{self.database.dsn(url)}?schema={self._schema(url)}", "workflow_status")

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        from benchmarks.systems.dbos_workflows import launched, travel

        schema = self._schema(url) if isinstance(self.database, Postgres) else None
        with launched(self._where(url), schema):
            yield _Subject(self.database, url, travel)

    def _where(self, url: str) -> str:
        if isinstance(self.database, Sqlite):
            return f"sqlite:///{self.database.path(url)}"
        return self.database.dsn(url)

    def _schema(self, url: str) -> str:
        assert isinstance(self.database, Postgres)
        return f"{_SCHEMA}_{self.database.schema(url)}"


class _Subject:
    def __init__(self, database: Sqlite | Postgres, url: str, travel: Callable[[int], Awaitable[None]]) -> None:
        self._database = database
        self._url = url
        self._do = travel
        self._numbers = count(1)
        self._commits = 0.0

    async def prepare(self, task: Task, aggregates: int) -> int:
        """Count what one after another commits."""
        before = await self._database.commits(self._url)
        for _ in range(_COUNTED):
            await self._travel()
        self._commits = (await self._database.commits(self._url) - before) / _COUNTED
        return _COUNTED

    def plan(self, task: Task, callers: int) -> Plan:
        return Awaited([self._travel] * callers, 1, 1, f"a workflow of three steps, awaited; {self._commits:g} commits")

    async def durability(self) -> Settings:
        if isinstance(self._database, Postgres):
            return await self._database.settings(self._url)
        with closing(sqlite3.connect(self._database.path(self._url))) as connection:
            mode: str = connection.execute("pragma journal_mode").fetchone()[0]
        return {"journal_mode": mode}

    async def _travel(self) -> None:
        await self._do(next(self._numbers))

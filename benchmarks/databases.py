"""The two databases, as far as every system on them is treated alike: places, rows, settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import asyncpg

from benchmarks.durability import Settings, postgres_settings, sqlite_settings
from benchmarks.servers import Servers

__all__ = ["Database", "Postgres", "Sqlite"]


class Database(Protocol):
    """A kind of database."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    def place(self, servers: Servers, *, slow_flush: bool) -> str:
        """The URL of a store that is not there yet."""
        ...

    async def count(self, url: str, table: str) -> int:
        """Rows of *table*, over a connection of its own."""
        ...

    async def settings(self, url: str) -> Settings:
        """What durability rests on."""
        ...


class Sqlite:
    """SQLite in a file of its own, by a URL that Leftfold understands."""

    name = "sqlite"

    def place(self, servers: Servers, *, slow_flush: bool) -> str:
        """See `Database.place`; a file's flushes cannot be made slower."""
        return f"sqlite:///{servers.path('.db')}"

    async def count(self, url: str, table: str) -> int:
        """See `Database.count`."""
        with closing(sqlite3.connect(self.path(url))) as connection:
            rows: int = connection.execute(f"select count(*) from {table}").fetchone()[0]
        return rows

    async def settings(self, url: str) -> Settings:
        """See `Database.settings`."""
        return sqlite_settings(self.path(url))

    def path(self, url: str) -> Path:
        """The file that *url* names."""
        return Path(urlsplit(url).path[1:])


class Postgres:
    """PostgreSQL in a schema of its own, by a URL that Leftfold understands."""

    name = "postgres"

    def place(self, servers: Servers, *, slow_flush: bool) -> str:
        """See `Database.place`."""
        return servers.postgres(slow_flush=slow_flush)

    async def count(self, url: str, table: str) -> int:
        """See `Database.count`."""
        connection = await asyncpg.connect(self.dsn(url))
        try:
            rows: int = await connection.fetchval(f"select count(*) from {self.schema(url)}.{table}")
        finally:
            await connection.close()
        return rows

    async def settings(self, url: str) -> Settings:
        """See `Database.settings`."""
        connection = await asyncpg.connect(self.dsn(url))
        try:
            return await postgres_settings(connection)
        finally:
            await connection.close()

    def dsn(self, url: str) -> str:
        """What a driver connects to."""
        return urlsplit(url)._replace(query="").geturl()

    def schema(self, url: str) -> str:
        """The schema that *url* names."""
        return parse_qs(urlsplit(url).query)["schema"][0]

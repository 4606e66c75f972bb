"""The two databases, as far as every system on them is treated alike: places, rows, settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from struct import Struct
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import asyncpg

from benchmarks.durability import Settings, postgres_settings, sqlite_settings
from benchmarks.servers import Servers

__all__ = ["Database", "Postgres", "Sqlite"]

# Source: https://www.sqlite.org/walformat.html, iChange of the WAL-index header, and fileformat2.html, at offset 24.
_IN_INDEX: Final = Struct("=I")
_IN_FILE: Final = Struct(">I")


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

    async def commits(self, url: str) -> int:
        """Transactions so far that have written something; on PostgreSQL of the whole server."""
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

    async def commits(self, url: str) -> int:
        """See `Database.commits`: SQLite's own counter, of the index of its WAL or of the file."""
        index = Path(f"{self.path(url)}-shm")
        if index.exists():
            changes: int = _IN_INDEX.unpack_from(index.read_bytes(), 8)[0]
        else:
            with self.path(url).open("rb") as file:
                changes = _IN_FILE.unpack_from(file.read(28), 24)[0]
        return changes

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

    async def commits(self, url: str) -> int:
        """See `Database.commits`: only who writes is given a transaction id."""
        connection = await asyncpg.connect(self.dsn(url))
        try:
            number: int = await connection.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        finally:
            await connection.close()
        return number

    def dsn(self, url: str) -> str:
        """What a driver connects to."""
        return urlsplit(url)._replace(query="").geturl()

    def schema(self, url: str) -> str:
        """The schema that *url* names."""
        return parse_qs(urlsplit(url).query)["schema"][0]

"""Where the guarantees are tried: every kind of durable store, opened by URL from any process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import asyncpg

from leftfold.adapters.postgres import PostgresLocation, open_postgres
from leftfold.adapters.sqlite import open_sqlite
from leftfold.errors import SchemaMismatch

if TYPE_CHECKING:
    from leftfold.testing.conformance.stores import FullStore

__all__ = ["QUIET_S", "Place", "connect_postgres", "no_ghosts", "open_place"]

QUIET_S: Final = 30.0
"""Seconds after which a server that still works for a dead client fails the test."""


@dataclass(frozen=True)
class Place:
    """One store, empty when a test begins.

    Args:
        kind: `sqlite` or `postgres`.
        url: opens it from any process.
        spare: makes the URL of one more empty store.
    """

    kind: str
    url: str
    spare: Callable[[], str] = field(repr=False)

    async def open(self) -> FullStore:
        """Open it, as another process would."""
        return await open_place(self.url)

    async def quiet(self) -> None:
        """Return when the database has noticed that its clients are gone."""
        if self.kind == "postgres":
            await no_ghosts(self.url)


async def open_place(url: str) -> FullStore:
    """Open the store at *url*; one that is not there yet is made."""
    if url.startswith("sqlite:"):
        return await open_sqlite(url)
    try:
        return await open_postgres(url)
    except SchemaMismatch:
        return await open_postgres(url, migrate=True)


async def connect_postgres(url: str) -> asyncpg.Connection[asyncpg.Record]:
    """A plain connection to the database of a store."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(PostgresLocation.parse(url).dsn)
    return connection


async def no_ghosts(url: str) -> None:
    """Return when no other client is connected to the database of *url*."""
    connection = await connect_postgres(url)
    sql = (
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    try:
        async with asyncio.timeout(QUIET_S):
            while await connection.fetchval(sql):
                await asyncio.sleep(0.002)
    finally:
        await connection.close()

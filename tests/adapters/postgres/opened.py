"""What these tests share: stores to open, events to put into them, statements to run beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from leftfold.adapters.postgres import PostgresLocation, PostgresStore, open_postgres
from leftfold.ids import new_id
from leftfold.store import NewEvent, Snapshot, SnapshotKey, StoredEvent, digest_of

__all__ = [
    "CUT_OTHERS",
    "clock_moved",
    "connected",
    "done_or_waiting",
    "dsn_of",
    "event",
    "log_of",
    "opened",
    "rows",
    "schema_of",
    "snapshot",
    "somebody_waits",
    "statistics_told",
]

CUT_OTHERS: Final = """select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""
"""Ends every other connection to the database, and tells how many."""

_WAITING: Final = (
    "select count(distinct pid) from pg_locks where locktype in ('transactionid', 'tuple') and not granted"
)


def event(n: int = 1, *, type: str = "Happened", tags: Sequence[str] = ()) -> NewEvent:
    return NewEvent(id=new_id(), type=type, data=b'{"n":%d}' % n, tags=tuple(tags))


def snapshot(version: int, state: bytes = b'{"n":1}', *, stream: str = "a-1") -> Snapshot:
    key = SnapshotKey(stream, "f", version)
    return Snapshot(key, state, digest_of(key, state))


async def clock_moved(url: str, seconds: float) -> None:
    """Let the clock of the schema run *seconds* ahead of the machine's from now on."""
    ahead = f"select pg_catalog.clock_timestamp() + interval '{seconds} seconds'"
    await rows(
        url,
        f"create or replace function :schema.now_v1() returns timestamptz language sql volatile as $${ahead}$$",
    )


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[PostgresStore]:
    store = await open_postgres(url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of the test's own to the database of a store."""
    connection = await asyncpg.connect(dsn_of(url))
    try:
        yield connection
    finally:
        await connection.close()


async def rows(url: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a statement, in which `:schema` stands for the store's."""
    async with connected(url) as connection:
        return [tuple(row) for row in await connection.fetch(sql.replace(":schema", schema_of(url)), *values)]


async def statistics_told(url: str) -> None:
    """Return when every other connection to the database of *url* has told its statistics, which it does at its end.

    The database is one of its own, `lone_url`: in a shared one a pooler keeps connections for minutes.
    """
    async with connected(url) as connection:
        await connection.execute("set statement_timeout = '20s'")
        await connection.execute(
            """do $$ begin while exists (select from pg_stat_activity where datname = current_database()
            and pid <> pg_backend_pid() and backend_type = 'client backend') loop
            perform pg_sleep(0.01); perform pg_stat_clear_snapshot(); end loop; end $$"""
        )


async def log_of(store: PostgresStore) -> list[StoredEvent]:
    log: list[StoredEvent] = []
    while (page := await store.read_log(after=len(log))).events:
        log += page.events
    return log


def dsn_of(url: str) -> str:
    return PostgresLocation.parse(url).dsn


def schema_of(url: str) -> str:
    return f'"{PostgresLocation.parse(url).schema}"'


async def somebody_waits(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Return when some other connection waits for the lock of an append."""
    await connection.execute(
        """do $$ begin while not exists (select from pg_locks where locktype = 'advisory' and not granted) loop
        perform pg_sleep(0.005); end loop; end $$"""
    )


async def done_or_waiting(
    connection: asyncpg.Connection[asyncpg.Record], waiting: int, done: Callable[[], bool]
) -> None:
    """Return when something is *done*, or when so many connections wait for rows that others write."""
    while not done() and await connection.fetchval(_WAITING) < waiting:
        await asyncio.sleep(0)

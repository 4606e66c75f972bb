"""What these tests share: stores to open, events to put into them, connections beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from leftfold.ids import new_id
from leftfold.store import NewEvent

__all__ = ["BEGIN", "connected", "event", "opened", "traced", "url_of"]

BEGIN = "begin immediate"
"""With what a group commit begins."""


def event(n: int = 1, *, tags: tuple[str, ...] = ()) -> NewEvent:
    return NewEvent(id=new_id(), type="Happened", data=b'{"n":%d}' % n, tags=tags)


def url_of(path: Path, **options: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"sqlite:///{path}" + (f"?{query}" if query else "")


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[SqliteStore]:
    store = await open_sqlite(url)
    try:
        yield store
    finally:
        await store.close()


def traced(store: SqliteStore) -> list[str]:
    """The statements of a store's connection from now on."""
    statements: list[str] = []
    connection: sqlite3.Connection = vars(store)["_connection"]
    connection.set_trace_callback(statements.append)
    return statements


@contextmanager
def stepping(store: SqliteStore, each: int) -> Generator[Callable[[], int]]:
    """Tells how often a store's database has done *each* instructions since."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection: sqlite3.Connection = vars(store)["_connection"]
    connection.set_progress_handler(step, each)
    try:
        yield lambda: steps
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def connected(path: Path) -> Generator[sqlite3.Connection]:
    """A connection of the test's own, in autocommit mode."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()

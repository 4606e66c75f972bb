"""Tables of rows for the tests of this directory, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from leftfold.adapters.postgres import PostgresStore
from leftfold.store import Expected, ToStream
from leftfold.store.events import Appended
from leftfold.store.tables import Column, ColumnType, Table
from leftfold.store.transaction import Inline, Point, Put, Rows, RowWrite, Transaction, Write
from tests.adapters.postgres.opened import event

__all__ = ["COUNTS", "SUMMARIES", "adding", "counted", "pointed", "row", "summary", "write"]

COUNTS = Table(name="counts")
SUMMARIES = Table(
    name="summaries",
    columns=(
        Column("owner", ColumnType.TEXT),
        Column("moves", ColumnType.INTEGER),
        Column("balance", ColumnType.DECIMAL),
        Column("since", ColumnType.TIME),
        Column("tags", ColumnType.JSON),
    ),
    indexes=(("owner",),),
    search=("owner",),
)


def row(count: int) -> bytes:
    return b'{"n":%d}' % count


def summary(owner: str, moves: int = 1) -> bytes:
    return msgspec.json.encode(
        {"owner": owner, "moves": moves, "balance": "10.50", "since": "2026-01-02T03:04:05+02:00", "tags": ["a"]}
    )


async def write(store: PostgresStore, *writes: Write) -> None:
    """Write rows without events."""
    assert await store.transact(Transaction(writes=writes)) is None


async def pointed(store: PostgresStore, table: Table, generation: int = 1, *, view: str | None = None) -> None:
    """Make a generation of *table*, and make it the active one."""
    await store.prepare(table, generation)
    await write(store, Point(table=table, generation=generation, view=view))


def adding(key: str = "total") -> Inline:
    """Adds one to a row of `COUNTS`."""

    def project(_: Appended, rows: Rows) -> Sequence[RowWrite]:
        there = rows.get(("counts", key))
        return [Put(table=COUNTS, rows={key: row((int(there[5:-1]) if there else 0) + 1)})]

    return Inline(((COUNTS, (key,)),), project)


def counted(stream: str, *inline: Inline, writes: Sequence[Write] = ()) -> Transaction:
    """One event for *stream*, whatever its version, with rows."""
    return Transaction(parts=[ToStream(stream, Expected.ANY, [event()])], writes=writes, inline=inline)

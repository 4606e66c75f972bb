"""Tables that these tests keep rows in, and how they write and move them on."""

from __future__ import annotations

from leftfold.adapters.sqlite import SqliteStore
from leftfold.store.tables import Column, ColumnType, Table
from leftfold.store.transaction import Point, Transaction, Write

__all__ = ["ACCOUNTS", "NOTES", "active", "write"]

ACCOUNTS = Table(
    name="accounts",
    columns=(
        Column("owner", ColumnType.TEXT),
        Column("balance", ColumnType.DECIMAL),
        Column("visits", ColumnType.INTEGER),
        Column("rate", ColumnType.REAL),
        Column("open", ColumnType.BOOLEAN),
        Column("opened_at", ColumnType.TIME),
        Column("born", ColumnType.DATE),
        Column("id", ColumnType.UUID),
        Column("tags", ColumnType.JSON),
    ),
    indexes=(("owner",), ("balance", "owner")),
)
NOTES = Table(name="notes", columns=(Column("text", ColumnType.TEXT),), search=("text",))


async def write(store: SqliteStore, *writes: Write) -> None:
    await store.transact(Transaction(writes=writes))


async def active(store: SqliteStore, *tables: Table, view: str | None = None) -> None:
    for table in tables:
        await store.prepare(table)
    await write(store, *(Point(table=table, generation=1, view=view) for table in tables))

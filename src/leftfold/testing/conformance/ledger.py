"""Tables and rows that the laws write, and how they write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leftfold.store.events import Appended, Expected, ToStream
from leftfold.store.port import Store
from leftfold.store.tables import Column, ColumnType, Table
from leftfold.store.transaction import Inline, Point, Put, Rows, RowWrite, Transaction, Write
from leftfold.testing.conformance.stores import events

__all__ = ["BOOKS", "COUNTS", "Refused", "active", "adding", "all_rows", "count_of", "counted", "put", "row", "write"]

COUNTS = Table(name="counts")
BOOKS = Table(
    name="books",
    columns=(
        Column("id", ColumnType.TEXT),
        Column("title", ColumnType.TEXT),
        Column("about", ColumnType.TEXT),
        Column("pages", ColumnType.INTEGER),
        Column("tags", ColumnType.JSON),
    ),
    indexes=(("title",), ("pages", "title")),
    search=("title", "about"),
)


class Refused(Exception):
    """What an inline projection of a law raises."""


async def active(store: Store, *tables: Table) -> None:
    """Make generation 1 of *tables*, and make it the active one."""
    for table in tables:
        await store.prepare(table)
    await write(store, *(Point(table=table, generation=1) for table in tables))


async def write(store: Store, *writes: Write) -> None:
    """Write rows without events."""
    assert await store.transact(Transaction(writes=writes)) is None, "without events nothing is appended"


async def put(store: Store, table: Table, rows: Mapping[str, bytes], generation: int | None = None) -> None:
    """Put *rows*."""
    await write(store, Put(table=table, rows=rows, generation=generation))


async def all_rows(store: Store, table: Table, generation: int | None = None, limit: int = 500) -> dict[str, bytes]:
    """Every row by its key, in the order of the keys, page by page."""
    rows: dict[str, bytes] = {}
    after = ""
    while page := await store.scan(table, after=after, limit=limit, generation=generation):
        assert len(page) <= limit
        assert page[0][0] > after, "a page begins after its key"
        rows.update(page)
        after = page[-1][0]
    return rows


def row(count: int) -> bytes:
    """A row that counts."""
    return b'{"n":%d}' % count


def count_of(content: bytes | None) -> int:
    """The number in a row that counts, 0 when there is none."""
    return int(content[5:-1]) if content else 0


def adding(key: str = "total", *, by: int = 1, refuse: bool = False, table: Table = COUNTS) -> Inline:
    """Adds to a row that counts; raises `Refused` instead when *refuse*."""

    def project(_: Appended, rows: Rows) -> Sequence[RowWrite]:
        if refuse:
            raise Refused(key)
        return [Put(table=table, rows={key: row(count_of(rows.get((table.name, key))) + by)})]

    return Inline(((table, (key,)),), project)


def counted(stream: str, *inline: Inline, writes: Sequence[Write] = ()) -> Transaction:
    """One event for *stream*, whatever its version, with rows."""
    return Transaction(parts=[ToStream(stream, Expected.ANY, events(1))], writes=writes, inline=inline)

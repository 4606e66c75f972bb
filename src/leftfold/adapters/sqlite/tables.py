"""Tables of rows in the file of the log: made, dropped and read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from leftfold.adapters.sqlite.cells import Bound, bound
from leftfold.adapters.sqlite.layout import Layout, layout_of, quoted
from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.adapters.sqlite.registry import activate, active, enter, find, leave, shapes
from leftfold.adapters.sqlite.searching import match_of, search_sql
from leftfold.errors import InvalidInput, TableMismatch
from leftfold.store.checks import check_range
from leftfold.store.names import first_above
from leftfold.store.row_columns import LARGEST_INTEGER
from leftfold.store.table_checks import (
    check_generation,
    check_keys,
    check_search,
    check_selection,
    check_table,
    in_column,
    words_of,
)
from leftfold.store.tables import Compare, Found, Selection, Table, Value, Where

__all__ = ["SqliteTables", "rows_under"]

T = TypeVar("T")

_INTERNAL: Final = "leftfold_"
_DROPS: Final = (  # the shape of the table need not be known, so what there is of it is looked for
    "select type, printf('\"%w\"', name) from sqlite_schema "
    "where (type = 'table' and name in (:name, :name || '_search')) "
    "or (type = 'view' and substr(sql, -length(:ending)) = :ending)"
)
_HOLDS = (
    "(json_type(t.{column}) = 'array' and exists (select 1 from json_each(t.{column}) e "
    "where e.type = 'text' and e.value = ?))"
)


class SqliteTables(OpenFile):
    """See `Tables`."""

    async def prepare(self, table: Table, generation: int = 1) -> None:
        """See `Tables.prepare`."""
        self._check_table(table, generation)
        await self._write(partial(_made, table, generation))

    async def discard(self, table: Table, generation: int) -> None:
        """See `Tables.discard`."""
        self._check_table(table, generation)
        await self._write(partial(_dropped, table, generation))

    async def remove(self, table: Table) -> int:
        """See `Tables.remove`."""
        self._check_table(table, None)
        return await self._write(partial(_removed, table))

    async def generation(self, table: Table) -> int:
        """See `Tables.generation`."""
        self._check_table(table, None)
        return await self._read(lambda: active(self._connection.cursor(), table))

    async def get(self, table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
        """See `Tables.get`."""
        self._check_table(table, generation)
        check_keys(keys)
        return await self._of(table, generation, lambda cursor, layout: rows_under(cursor, layout, keys))

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        """See `Tables.select`."""
        self._check_table(table, generation)
        check_selection(table, selection)
        conditions, values = _conditions(table, selection.where)
        order = ", ".join([*map(_order, selection.order_by), "t.key"])
        values += [selection.limit, selection.offset]
        rows: list[tuple[bytes]] = await self._of(
            table,
            generation,
            lambda cursor, layout: cursor.execute(
                f"select cast(t.row as blob) from {layout.name} t where true{conditions} "
                f"order by {order} limit ? offset ?",
                values,
            ).fetchall(),
        )
        return [row for (row,) in rows]

    async def scan(
        self, table: Table, *, after: str = "", limit: int = 500, generation: int | None = None
    ) -> Sequence[tuple[str, bytes]]:
        """See `Tables.scan`."""
        self._check_table(table, generation)
        check_range(0, None, limit)
        values = (first_above(after), min(limit, LARGEST_INTEGER))
        return await self._of(table, generation, lambda cursor, layout: cursor.execute(layout.scan, values).fetchall())

    async def search(
        self, table: Table, text: str, selection: Selection, *, generation: int | None = None
    ) -> Sequence[Found]:
        """See `Tables.search`."""
        self._check_table(table, generation)
        check_search(table, selection)
        words = words_of(text)
        conditions, more = _conditions(table, selection.where)
        values = [match_of(words), *more, selection.limit, selection.offset]
        found: list[tuple[str, bytes, float]] = await self._of(
            table,
            generation,
            lambda cursor, layout: cursor.execute(search_sql(layout, conditions), values).fetchall() if words else [],
        )
        return [Found(key, row, rank) for key, row, rank in found]

    def _check_table(self, table: Table, generation: int | None) -> None:
        self._check_open()
        check_table(table)
        check_generation(table, generation)

    async def _of(self, table: Table, generation: int | None, work: Callable[[sqlite3.Cursor, Layout], T]) -> T:
        """Read of a generation, which is found and read in one snapshot."""
        return await self._read(lambda: self._at_once(lambda cursor: work(cursor, find(cursor, table, generation))))


def rows_under(cursor: sqlite3.Cursor, layout: Layout, keys: Sequence[str]) -> dict[str, bytes]:
    """The rows under *keys*, in the order of the keys."""
    if len(keys) == 1:
        return dict(cursor.execute(layout.get_one, (keys[0],)).fetchall())
    found: dict[str, bytes] = dict(cursor.execute(layout.get, (msgspec.json.encode(list(keys)).decode(),)).fetchall())
    return {key: found[key] for key in keys if key in found}


def _made(table: Table, generation: int, cursor: sqlite3.Cursor) -> None:
    there = shapes(cursor, table)
    if any(shape != table.shape for shape in there.values()):
        raise TableMismatch(table.name, table.version)
    if generation in there:
        return
    for statement in layout_of(table, generation).creation():
        cursor.execute(statement)
    enter(cursor, table, generation)
    if generation == 1 and table.name.startswith(_INTERNAL):
        activate(cursor, table, generation)


def _dropped(table: Table, generation: int, cursor: sqlite3.Cursor) -> None:
    if generation == active(cursor, table):
        raise InvalidInput(f"table {table.name!r}: generation {generation} is active; point at another one first")
    if generation not in shapes(cursor, table):
        return
    for statement in layout_of(table, generation).removal():
        cursor.execute(statement)
    leave(cursor, table, generation)


def _removed(table: Table, cursor: sqlite3.Cursor) -> int:
    there = shapes(cursor, table)
    for generation in there:
        name = table.physical(generation)
        for kind, dropped in cursor.execute(_DROPS, {"name": name, "ending": f" from {quoted(name)}"}).fetchall():
            cursor.execute(f"drop {kind} {dropped}")
        leave(cursor, table, generation)
    return len(there)


def _conditions(table: Table, where: Sequence[Where]) -> tuple[str, list[Bound]]:
    texts = "".join(f" and {_condition(each)}" for each in where)
    return texts, [bound(value) for each in where for value in _values(in_column(table, each))]


def _condition(where: Where) -> str:
    column = quoted(where.column)
    if where.value is None:
        return f"t.{column} is {'' if where.compare is Compare.EQUAL else 'not '}null"
    if where.compare is Compare.CONTAINS:
        return _HOLDS.format(column=column)
    if isinstance(where.value, tuple):
        return f"t.{column} in ({', '.join('?' * len(where.value))})"
    return f"t.{column} {where.compare.value} ?"


def _values(where: Where) -> tuple[Value, ...]:
    if where.value is None:
        return ()
    return where.value if isinstance(where.value, tuple) else (where.value,)


def _order(name: str) -> str:
    return f"t.{quoted(name.removeprefix('-'))}" + (" desc" if name.startswith("-") else "")

"""The reference store's tables as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

import msgspec

from leftfold.errors import InvalidInput, InvalidQuery, TableMismatch
from leftfold.store.memory_log import OpenedLog
from leftfold.store.memory_tables import Kept
from leftfold.store.row_columns import Cell, cells_of
from leftfold.store.table_checks import (
    check_generation,
    check_keys,
    check_search,
    check_selection,
    check_table,
    in_column,
    words_in,
    words_of,
)
from leftfold.store.tables import Compare, Found, Selection, Table, Where

__all__ = ["MemoryRows"]

_ORDERS: Final[dict[Compare, Callable[[Any, Any], bool]]] = {
    Compare.EQUAL: eq,
    Compare.NOT_EQUAL: ne,
    Compare.LESS: lt,
    Compare.AT_MOST: le,
    Compare.MORE: gt,
    Compare.AT_LEAST: ge,
}
_Cells = dict[str, Cell]


class MemoryRows(OpenedLog):
    """See `Tables`."""

    async def prepare(self, table: Table, generation: int = 1) -> None:
        """See `Tables.prepare`."""
        self._check_asked(table, generation)
        if not self._log.tables.prepare(table, generation):
            raise TableMismatch(table.name, table.version)

    async def remove(self, table: Table) -> int:
        """See `Tables.remove`."""
        self._check_asked(table, None)
        return self._log.tables.remove(table)

    async def discard(self, table: Table, generation: int) -> None:
        """See `Tables.discard`."""
        self._check_asked(table, generation)
        if self._log.tables.active_of(table) == generation:
            raise InvalidInput(f"table {table.name!r}: generation {generation} is active; point at another one first")
        self._log.tables.discard(table, generation)

    async def generation(self, table: Table) -> int:
        """See `Tables.generation`."""
        self._check_asked(table, None)
        return self._log.tables.active_of(table)

    async def get(self, table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
        """See `Tables.get`."""
        self._check_asked(table, generation)
        check_keys(keys)
        rows = self._log.tables.rows(table, generation)
        return {key: rows[key].row for key in keys if key in rows}

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        """See `Tables.select`."""
        self._check_asked(table, generation)
        check_selection(table, selection)
        rows = self._log.tables.rows(table, generation)
        fitting = [(cells, rows[key].row) for key, cells in _fitting(table, selection, rows)]
        for name in reversed(selection.order_by):
            bare = name.removeprefix("-")
            fitting.sort(key=lambda each: (each[0][bare] is not None, each[0][bare]), reverse=name != bare)
        return [row for _, row in fitting][selection.offset :][: selection.limit]

    async def scan(
        self, table: Table, *, after: str = "", limit: int = 500, generation: int | None = None
    ) -> Sequence[tuple[str, bytes]]:
        """See `Tables.scan`."""
        self._check_asked(table, generation)
        if limit < 1:
            raise InvalidQuery(f"limit={limit}: a page has at least one row")
        rows = self._log.tables.rows(table, generation)
        return [(key, rows[key].row) for key in sorted(rows) if key > after][:limit]

    async def search(
        self, table: Table, text: str, selection: Selection, *, generation: int | None = None
    ) -> Sequence[Found]:
        """See `Tables.search`; a row's rank is how often the words are in it."""
        self._check_asked(table, generation)
        check_search(table, selection)
        words = words_of(text)
        rows = self._log.tables.rows(table, generation)
        found = [
            Found(key, rows[key].row, float(sum(counts)))
            for key, cells in _fitting(table, selection, rows)
            if words and all(counts := _counts(words, table, cells))
        ]
        found.sort(key=lambda each: -each.rank)
        return found[selection.offset :][: selection.limit]

    def _check_asked(self, table: Table, generation: int | None) -> None:
        self._check_open()
        check_table(table)
        check_generation(table, generation)


def _fitting(table: Table, selection: Selection, rows: Mapping[str, Kept]) -> list[tuple[str, _Cells]]:
    names = ["key", *(column.name for column in table.columns)]
    where = [in_column(table, each) for each in selection.where]
    all_cells = ((key, dict(zip(names, (key, *cells_of(table, rows[key].row)), strict=True))) for key in sorted(rows))
    return [(key, cells) for key, cells in all_cells if all(_fits(cells[each.column], each) for each in where)]


def _fits(cell: Cell, where: Where) -> bool:
    null = cell is None or (isinstance(cell, msgspec.Raw) and bytes(cell) == b"null")
    if where.value is None:
        return null == (where.compare is Compare.EQUAL)
    if null:
        return False
    if isinstance(cell, msgspec.Raw):
        held = _parse(cell)
        return isinstance(held, list) and where.value in held
    if isinstance(where.value, tuple):
        return cell in where.value
    return _ORDERS[where.compare](cell, where.value)


def _counts(words: Sequence[tuple[str, bool]], table: Table, cells: _Cells) -> list[int]:
    there = [word for name in table.search for word in words_in(str(cells[name] or ""))]
    return [sum(each.startswith(word) if beginning else each == word for each in there) for word, beginning in words]


_parse = msgspec.json.Decoder(float_hook=str).decode

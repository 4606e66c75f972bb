"""What SQLite is given for the cells of rows and for what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

import msgspec

from leftfold.store.row_columns import Cell, cells_of
from leftfold.store.tables import ColumnType, Table, Value

__all__ = ["AFFINITIES", "Bound", "Derived", "bound"]

Bound: TypeAlias = str | int | float | None

AFFINITIES: Final[Mapping[ColumnType, str]] = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "integer",
    ColumnType.REAL: "real",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "integer",
    ColumnType.TIME: "text",
    ColumnType.DATE: "text",
    ColumnType.UUID: "text",
    ColumnType.JSON: "text",
}
"""What a column is declared as."""


class Derived:
    """Derives the columns of a table's rows from their JSON."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._changes = [
            (number, _CHANGES[column.type]) for number, column in enumerate(table.columns) if column.type in _CHANGES
        ]

    def __call__(self, row: bytes) -> list[Bound]:
        """The columns of *row*, in their order."""
        cells = list(cells_of(self._table, row))
        for number, change in self._changes:
            cell = cells[number]
            if cell is not None:
                cells[number] = change(cell)
        return cast("list[Bound]", cells)


def bound(value: Value) -> Bound:
    """What stands for *value*, so that it is equal and ordered as it is."""
    if isinstance(value, str | int | float):
        return value
    return _time(value) if isinstance(value, datetime) else str(value)


def _time(time: Cell) -> str:
    utc = cast("datetime", time).astimezone(UTC)
    text = msgspec.json.encode(utc)[1:-1].decode()  # ten times as quick as `isoformat`, but leaves out a zero fraction
    return text if utc.microsecond else f"{text[:-1]}.000000Z"


def _json(raw: Cell) -> str | None:
    text = str(cast("msgspec.Raw", raw), "utf-8")
    return None if text == "null" else text


_CHANGES: Final[Mapping[ColumnType, Callable[[Cell], Bound]]] = {
    ColumnType.DECIMAL: str,
    ColumnType.TIME: _time,
    ColumnType.DATE: str,
    ColumnType.UUID: str,
    ColumnType.JSON: _json,
}

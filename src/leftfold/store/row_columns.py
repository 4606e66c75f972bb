"""The columns that follow from a row, typed: what a store derives for SQL, checked before it is tried."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Optional, TypeAlias, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from leftfold.errors import InvalidPayload, TooLarge
from leftfold.messages.flaws import json_flaw
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.store.tables import Column, ColumnType, Table, Value

__all__ = ["LARGEST_INTEGER", "Cell", "cells_of", "check_row", "decimal_fits", "time_fits"]

Cell: TypeAlias = Value | msgspec.Raw | None
"""What a column holds; raw for JSON."""

LARGEST_INTEGER: Final = 2**63 - 1
"""Of a column, and the least is its negative."""

_MAX_EXPONENT: Final = 1_000
_TYPES: Final[dict[ColumnType, object]] = {
    ColumnType.TEXT: str | None,
    ColumnType.INTEGER: Optional[Annotated[int, Meta(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]],  # noqa: UP045 - `|` takes no Annotated
    ColumnType.REAL: float | None,
    ColumnType.DECIMAL: Decimal | None,
    ColumnType.BOOLEAN: bool | None,
    ColumnType.TIME: Optional[Annotated[datetime, Meta(tz=True)]],  # noqa: UP045 - likewise
    ColumnType.DATE: date | None,
    ColumnType.UUID: UUID | None,
    ColumnType.JSON: msgspec.Raw,
}


def check_row(table: Table, key: str, row: bytes) -> None:
    """Raise `InvalidPayload` or `TooLarge` unless *row* is a JSON object that every store can keep and derive from."""
    if len(row) > MAX_EVENT_BYTES:
        raise TooLarge(f"{_place(table, key)} in bytes", len(row), MAX_EVENT_BYTES, "MAX_EVENT_BYTES")
    if flaw := json_flaw(row):
        raise InvalidPayload(_place(table, key), flaw)
    if row.lstrip()[:1] != b"{":
        raise InvalidPayload(_place(table, key), "is not a JSON object")
    try:
        cells = cells_of(table, row)
    except msgspec.ValidationError as error:
        raise InvalidPayload(_place(table, key), f"does not fit the columns of the table: {error}") from error
    for at, cell in enumerate(cells):
        kind = type(cell)
        if (kind is Decimal and not decimal_fits(cast("Decimal", cell))) or (
            kind is datetime and not time_fits(cast("datetime", cell))
        ):
            name = table.columns[at].name
            raise InvalidPayload(_place(table, key), f"{name!r} is {cell!s}, which no column can hold")


def _place(table: Table, key: str) -> str:
    return f"row {key!r:.80} of table {table.name!r}"


def cells_of(table: Table, row: bytes) -> tuple[Cell, ...]:
    """What the columns of *table* hold of *row*, in their order; None for a missing member and a JSON null."""
    if not table.columns:
        return ()
    return tuple(msgspec.structs.astuple(_decoder(table.columns).decode(row)))


def decimal_fits(number: Decimal) -> bool:
    """Whether every store has room for *number*: finite, with at most 1,000 digits on each side of the point."""
    return (
        number.is_finite() and int(number.as_tuple().exponent) >= -_MAX_EXPONENT and number.adjusted() < _MAX_EXPONENT
    )


def time_fits(time: datetime) -> bool:
    """Whether *time* is in the years 1 to 9999 in UTC too."""
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


@lru_cache(maxsize=1024)
def _decoder(columns: tuple[Column, ...]) -> msgspec.json.Decoder[msgspec.Struct]:
    fields = [(f"c{number}", _TYPES[column.type], None) for number, column in enumerate(columns)]
    names = {f"c{number}": column.name for number, column in enumerate(columns)}
    return msgspec.json.Decoder(msgspec.defstruct("Cells", fields, rename=names))

"""What rows are made of: one class, whose fields are columns that are compared as what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
import pytest

from leftfold import Event
from leftfold.errors import DefinitionError
from leftfold.projections.projection import ProjectionOptions, projection_of
from leftfold.projections.row_type import row_table
from leftfold.store.tables import ColumnType
from leftfold.subscriptions import Policy


class Size(IntEnum):
    SMALL = 1


class Colour(Enum):
    RED = "red"


class Shade(StrEnum):
    DARK = "dark"


@dataclass(frozen=True)
class Row:
    text: str
    count: int
    maybe: int | None
    least: Annotated[int, msgspec.Meta(ge=1)] | None
    either: int | str
    flag: bool
    weight: float
    price: Decimal
    at: datetime
    day: date | None
    id: UUID
    size: Size
    colour: Colour
    shade: Shade
    many: list[int]


class Seen(Event):
    text: str


COLUMNS = {
    "text": ColumnType.TEXT,
    "count": ColumnType.INTEGER,
    "maybe": ColumnType.INTEGER,
    "least": ColumnType.INTEGER,
    "either": ColumnType.JSON,
    "flag": ColumnType.BOOLEAN,
    "weight": ColumnType.REAL,
    "price": ColumnType.DECIMAL,
    "at": ColumnType.TIME,
    "day": ColumnType.DATE,
    "id": ColumnType.UUID,
    "size": ColumnType.INTEGER,
    "colour": ColumnType.JSON,
    "shade": ColumnType.TEXT,
    "many": ColumnType.JSON,
}


def test_each_field_is_a_column_of_its_type_and_none_beside_it_changes_nothing() -> None:
    table = row_table("rows", 1, Row, (), ())
    assert {column.name: column.type for column in table.columns} == COLUMNS


def no_class(row: list[int] | None, _event: Seen) -> list[int] | None:
    return row


def two_classes(_row: Row | None, _event: Seen) -> Size | None:
    return None


def two_in_one(_row: Row | Size | None, _event: Seen) -> Row | None:
    return None


def never_none(row: Row, _event: Seen) -> Row:
    return row


def none_at_all(_row: None, _event: Seen) -> None:
    return None


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_class, "is no class; a projection has rows of one class"),
        (two_in_one, "is no class; a projection has rows of one class"),
        (two_classes, "of one class"),
        (none_at_all, "of one class"),
        (never_none, r"its row is None before the first event of a key; annotate `Row \| None`"),
    ],
)
def test_a_projection_whose_rows_are_not_of_one_class_is_refused(function: Callable[..., Any], said: str) -> None:
    options = ProjectionOptions("text", "rows", 1, (), (), 1, Policy())
    with pytest.raises(DefinitionError, match=said):
        projection_of(function, options)


class Renamed(msgspec.Struct, frozen=True, rename="camel"):
    text: str
    in_stock: int = 0


class Named(msgspec.Struct, frozen=True):
    count: int = msgspec.field(name="n", default=0)


class Sparse(msgspec.Struct, frozen=True, omit_defaults=True):
    count: int = 0


class Listed(msgspec.Struct, frozen=True, array_like=True):
    count: int = 0


@pytest.mark.parametrize(
    ("row_type", "said"),
    [
        (Renamed, "field 'in_stock' is stored as 'inStock'.* leave rename= out"),
        (Named, "field 'count' is stored as 'n'.* name= of msgspec.field"),
        (Sparse, "omit_defaults=True.* leave it out"),
        (Listed, "array_like=True.* leave it out"),
    ],
)
def test_rows_whose_columns_would_stay_empty_are_refused(row_type: type, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        row_table("rows", 1, row_type, (), ())


@dataclass(frozen=True)
class Counted:
    unit: ClassVar[str] = "pieces"
    count: int = 0


def test_a_class_variable_of_a_dataclass_is_no_field() -> None:
    assert [column.name for column in row_table("rows", 1, Counted, (), ()).columns] == ["count"]

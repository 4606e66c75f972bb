"""The part of the port that keeps rows beside the log: tables of rows that change, in the same commits as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

__all__ = ["Column", "ColumnType", "Compare", "Found", "Selection", "Table", "Tables", "Value", "Where"]

Value: TypeAlias = str | int | float | bool | Decimal | datetime | date | UUID
"""What a column can be compared with."""


class ColumnType(Enum):
    """What a column holds, and so which type it has in a database."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"
    UUID = "uuid"
    JSON = "json"

    if not TYPE_CHECKING:  # an Enum's own runs Python code, for every column of every row
        __hash__ = object.__hash__


class Column(Struct, frozen=True):
    """A member of the row's JSON object that has a column of its own, for SQL.

    Args:
        name: of the member and of the column; `[a-z_][a-z0-9_]*`, at most 40 characters.
        type: what it holds; a missing member or a JSON null is an SQL null.
    """

    name: str
    type: ColumnType


class Table(Struct, frozen=True, kw_only=True):
    """A kind of rows: each is a JSON object under a text key, with columns for SQL derived from it.

    A table exists in generations, numbered from 1: a rebuild fills one beside another. What names no generation means
    the active one, which the last `Point` chose.

    Args:
        name: `[a-z][a-z0-9_]*`, at most 40 characters.
        version: of its shape, from 1; another version is another table.
        columns: in their order. `key`, `row` and `shard` are columns already.
        indexes: columns of each index.
        search: columns of text that `Tables.search` looks through.
    """

    name: str
    version: int = 1
    columns: tuple[Column, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    search: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """A digest of columns, indexes and search: 16 hexadecimal digits."""
        return blake2b(
            msgspec.json.encode(
                [[(column.name, column.type.value) for column in self.columns], self.indexes, self.search]
            ),
            digest_size=8,
        ).hexdigest()

    def physical(self, generation: int) -> str:
        """The name of the table that holds one generation."""
        return f"{self.name}__{self.version}_{generation}"


class Compare(Enum):
    """How a column is compared."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    ONE_OF = "in"
    """The column is equal to one of several values, a tuple; nothing is equal to one of none."""
    CONTAINS = "contains"
    """The column is a JSON array that holds the value, a text."""


class Where(Struct, frozen=True):
    """A condition on one column; a null fits none that has a value.

    Args:
        column: its name.
        compare: how; with None only by `EQUAL`, which every null fits, and by `NOT_EQUAL`, which everything else does.
        value: of the column's type, or None; for `ONE_OF` a tuple of such values without None. A whole number that is
            compared with real ones is the nearest of them, as it is in a row.
    """

    column: str
    compare: Compare
    value: Value | tuple[Value, ...] | None


class Selection(Struct, frozen=True, kw_only=True):
    """Which rows, in which order.

    Args:
        where: all of these hold.
        order_by: columns, `-` before one for descending; ties, and rows without an order, go by key.
        limit: at most so many, 1 or more.
        offset: after leaving out so many, 0 or more.
    """

    where: tuple[Where, ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int = 100
    offset: int = 0


class Found(Struct, frozen=True):
    """A row that a search found.

    Args:
        key: of the row.
        row: its JSON text.
        rank: how well it fits; higher is better, comparable within one search only.
    """

    key: str
    row: bytes
    rank: float


class Tables(Protocol):
    """Rows, as of what is committed; `Transacting.transact` writes them.

    All methods may raise `StoreUnavailable` and `StoreClosed`. Those that read raise `TableMissing` when that
    generation, or an active one, is not there.
    """

    async def prepare(self, table: Table, generation: int = 1) -> None:
        """Make the empty table of *generation* unless it is there.

        It does not become active by that, but for generation 1 of a table whose name begins with `leftfold_`.

        Raises:
            TableMismatch: it is there with another shape. Give the table another version.
            AppendRefused: this role may make no tables.
        """
        ...

    async def discard(self, table: Table, generation: int) -> None:
        """Drop the table of *generation* with its rows, if it is there and not active.

        Raises:
            InvalidInput: it is the active one.
        """
        ...

    async def remove(self, table: Table) -> int:
        """Drop every generation of *table* with its rows, the active one as well, and the view that shows it.

        Only its name and version count: what its shape was is not known any more, perhaps. Whoever writes rows of it
        at the same time is refused from then on.

        Returns:
            How many generations there were.

        Raises:
            AccessDenied: another role owns it.
            AppendRefused: something else in the database depends on it, as a view of yours does; nothing was dropped.
            StoreBusy: somebody reads from it for long; nothing was dropped.
        """
        ...

    async def generation(self, table: Table) -> int:
        """The active generation, 0 when there is none."""
        ...

    async def get(self, table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
        """The rows under *keys*; keys without a row are left out."""
        ...

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        """Rows that fit *selection*, in its order.

        Raises:
            InvalidQuery: a column that the table does not have, or a value that does not fit it.
        """
        ...

    async def scan(
        self, table: Table, *, after: str = "", limit: int = 500, generation: int | None = None
    ) -> Sequence[tuple[str, bytes]]:
        """At most *limit* keys and rows, by the code points of their keys, after the key *after*."""
        ...

    async def search(
        self, table: Table, text: str, selection: Selection, *, generation: int | None = None
    ) -> Sequence[Found]:
        """Rows whose `search` columns hold every word of *text*, best first; the order of *selection* is not used.

        Words are compared without regard to case; a word that ends with `*` matches every word it begins. There is no
        other syntax: all else in *text* only separates words. No words find nothing.

        Raises:
            InvalidQuery: the table has no search columns, or see `select`.
        """
        ...

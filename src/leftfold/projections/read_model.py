"""Rows, as queries read them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, TypeVar, overload

from msgspec import Struct

from leftfold.errors import InvalidInput, InvalidQuery
from leftfold.messages.given import are_texts
from leftfold.projections.projection import ONE_ROW, Key, Projection, key_text
from leftfold.projections.row_type import nullable_fields
from leftfold.store.row_columns import LARGEST_INTEGER
from leftfold.store.tables import Compare, Selection, Tables, Value, Where

__all__ = ["Hit", "ReadModel"]

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Hit(Struct, Generic[Row_co], frozen=True):
    """A row that a search found.

    Args:
        rank: how well it fits; higher is better, comparable within one search only.
    """

    row: Row_co
    rank: float


class ReadModel(Generic[Row]):
    """The rows of one projection, as of its checkpoint; read-only.

    Every method raises `TableMissing` while the projection has not been built.

    Args:
        projection: whose rows.
        tables: where they are.
        touched: told of each key that is read, and of None when any row may have been.
    """

    def __init__(
        self, projection: Projection[Row], tables: Tables, touched: Callable[[str | None], None] | None = None
    ) -> None:
        self._projection = projection
        self._tables = tables
        self._touched = touched

    @overload
    async def get(self) -> Row | None: ...

    @overload
    async def get(self, key: Key) -> Row | None: ...

    async def get(self, key: Key | None = None) -> Row | None:
        """The row under *key*, or None. Without a key, the one row of a projection with `key=None`.

        Raises:
            InvalidQuery: the rows have a key and none is given, or the other way round.
        """
        if key is None and (name := self._projection.key) is not None:
            raise InvalidQuery(f"get() on {self._projection.name!r} is given no key; its rows have one: get({name})")
        return (await self.get_many([ONE_ROW if key is None else key]))[0]

    async def get_many(self, keys: Sequence[Key]) -> list[Row | None]:
        """The row under each of *keys*, None where there is none.

        Raises:
            InvalidQuery: *keys* is one text, or one of them is no key; or there is one row in all, which has no key.
        """
        if isinstance(keys, str):
            raise InvalidQuery(f"get_many({keys!r:.80}) is given one text; give a list of keys, or use get")
        if not _are_many(keys):
            raise InvalidQuery(f"get_many({keys!r:.80}) is given no keys; give a list of keys, or use get")
        try:
            texts = [key_text(key) for key in keys]
        except InvalidInput as error:
            raise InvalidQuery(f"{self._projection.name!r} is asked for a key: {error}") from error
        if self._projection.key is None and (wrong := next((text for text in texts if text != ONE_ROW), None)):
            raise InvalidQuery(f"{self._projection.name!r} has one row in all and no key {wrong!r:.80}; use get()")
        self._touch(*texts)
        found = await self._tables.get(self._projection.table, texts)
        return [self._projection.load(found[text]) if text in found else None for text in texts]

    async def find(
        self,
        *where: Where,
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        **equal: Value | None,
    ) -> list[Row]:
        """Every row that fits all conditions, as of one moment.

        Rows that are alike by *order_by*, and all of them without it, are in the order of their keys.

        Args:
            where: conditions on columns.
            order_by: columns, `-` before one for descending.
            limit: at most so many, 1 or more, for a page of them; None for all.
            offset: after leaving out so many.
            equal: columns and the values that they have; None finds the rows where a column is null.

        Raises:
            InvalidQuery: a column that the rows do not have, whether there are rows or not; a value that does not fit
                it; None for a field that is never None; or what is no condition, order, limit or offset.
        """
        rows = await self._tables.select(self._projection.table, self._selection(where, equal, order_by, limit, offset))
        return [self._projection.load(row) for row in rows]

    async def search(
        self, text: str, *where: Where, limit: int = 100, offset: int = 0, **equal: Value | None
    ) -> list[Hit[Row]]:
        """The best rows whose text holds every word of *text*, best first; `word*` matches what it begins.

        There are 100 at most unless *limit* says otherwise: a search is for what fits best, `find` for all that fits.

        Args:
            where: conditions on columns, such as `Where("tags", Compare.CONTAINS, "new")`.
            limit: at most so many, 1 or more.
            offset: after leaving out so many.
            equal: columns and the values that they have, as in `find`.

        Raises:
            InvalidQuery: the projection has no `search=`, or see `find`.
        """
        _check_text(text)
        selection = self._selection(where, equal, (), limit, offset)
        found = await self._tables.search(self._projection.table, text, selection)
        return [Hit(self._projection.load(one.row), one.rank) for one in found]

    def _touch(self, *keys: str | None) -> None:
        if self._touched is not None:
            for key in keys:
                self._touched(key)

    def _selection(
        self,
        where: tuple[Where, ...],
        equal: dict[str, Value | None],
        order_by: str | Sequence[str],
        limit: int | None,
        offset: int,
    ) -> Selection:
        self._touch(None)
        _check_given(where, order_by)
        columns = {column.name for column in self._projection.table.columns}
        order = (order_by,) if isinstance(order_by, str) else tuple(order_by)
        asked = [*(one.column for one in where), *equal, *(name.removeprefix("-") for name in order)]
        if unknown := [name for name in asked if not _is_one_of(name, columns)]:
            raise InvalidQuery(
                f"{self._projection.name!r} has no column {unknown[0]!r:.80}; it has {', '.join(sorted(columns))}"
            )
        conditions = (*where, *(Where(name, Compare.EQUAL, value) for name, value in equal.items()))
        self._check_nulls(conditions)
        most = LARGEST_INTEGER if limit is None else limit
        return Selection(where=conditions, order_by=order, limit=most, offset=offset)

    def _check_nulls(self, conditions: Sequence[Where]) -> None:
        row_type: type = self._projection.row_type
        for one in conditions:
            if one.value is None and one.column not in nullable_fields(row_type):
                raise InvalidQuery(
                    f"{self._projection.name!r} is asked for {one.column!r} compared with None, and that field of "
                    f"{row_type.__name__} is never None; give a value"
                )


def _check_given(where: Sequence[object], order_by: object) -> None:
    """Raise `InvalidQuery` for what callers without types hand in, and no query can mean."""
    for one in where:
        if not isinstance(one, Where):
            instead = f"write {one}=..., or " if isinstance(one, str) and one.isidentifier() else "write "
            raise InvalidQuery(
                f"a query is given {one!r:.80}, which is no Where; {instead}Where(column, Compare.EQUAL, value)"
            )
    if not isinstance(order_by, str) and not are_texts(order_by):
        raise InvalidQuery(f"order_by={order_by!r:.80}; give the name of a column, or several in a list")


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise InvalidQuery(f"search is given {text!r:.80}; give a text")


def _is_one_of(name: object, columns: Collection[str]) -> bool:
    return isinstance(name, str) and name in columns


def _are_many(keys: object) -> bool:
    return isinstance(keys, Iterable) and not isinstance(keys, bytes | bytearray)

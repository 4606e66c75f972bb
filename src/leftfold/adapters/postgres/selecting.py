"""Questions about rows, as SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from leftfold.adapters.postgres.layout import LONGEST_WORD, TYPES, Layout, quoted
from leftfold.adapters.postgres.queries import Query, big
from leftfold.store.table_checks import column_of
from leftfold.store.tables import ColumnType, Compare, Selection, Table, Value, Where

__all__ = ["found", "gotten", "scanned", "selected"]

_HOLDS: Final = (
    "case when json_typeof({0}) = 'array' then exists (select from json_array_elements({0}) e "
    "where json_typeof(e) = 'string' and e #>> '{{}}' = {1}::text) else false end"
)


class _Values:
    """Values of a statement, each with its number; the ones before them are somebody else's."""

    def __init__(self, before: int) -> None:
        self._before = before
        self.all: list[object] = []

    def add(self, value: object) -> str:
        """What stands for *value* in the statement."""
        self.all.append(value)
        return f"${self._before + len(self.all)}"


def gotten(layout: Layout, keys: Sequence[str], before: int) -> Query:
    """Keys and rows under *keys*.

    Args:
        before: how many values the statement has already.
    """
    return f'select key, "row" from {layout.name} where key = any (${before + 1}::text[])', [keys]


def scanned(layout: Layout, after: str, limit: int, before: int) -> Query:
    """At most *limit* keys and rows from the key *after* on, itself included."""
    values = _Values(before)
    text = f'select key, "row" from {layout.name} where key >= {values.add(after)}::text '
    return f"{text} order by key limit {values.add(big(limit))}::bigint", values.all


def selected(layout: Layout, selection: Selection, before: int) -> Query:
    """Keys and rows that fit *selection*, in its order."""
    values = _Values(before)
    conditions = " and ".join(["true", *_conditions(layout.table, selection, values)])
    order = "".join(f"{_ordered(name)}, " for name in selection.order_by)
    text = f'select key, "row" from {layout.name} where {conditions} order by {order}key'
    return f"{text} {_range(selection, values)}", values.all


def found(layout: Layout, words: Sequence[tuple[str, bool]], selection: Selection, before: int) -> Query:
    """Keys, rows and ranks of rows with all of *words*, best first."""
    values = _Values(before)
    wanted = " & ".join(f"'{word[:LONGEST_WORD]}'{':*' if beginning else ''}" for word, beginning in words)
    query = f"{values.add(wanted)}::text::tsquery"
    conditions = " and ".join([f'"#words" @@ {query}', *_conditions(layout.table, selection, values)])
    text = (
        f'select key, "row", ts_rank("#words", {query}) as rank from {layout.name} where {conditions} '
        f"order by rank desc, key {_range(selection, values)}"
    )
    return text, values.all


def _range(selection: Selection, values: _Values) -> str:
    return f"limit {values.add(selection.limit)}::bigint offset {values.add(selection.offset)}::bigint"


def _ordered(name: str) -> str:
    bare = name.removeprefix("-")
    return f"{quoted(bare)} nulls first" if bare == name else f"{quoted(bare)} desc nulls last"


def _conditions(table: Table, selection: Selection, values: _Values) -> list[str]:
    return [_condition(table, where, values) for where in selection.where]


def _condition(table: Table, where: Where, values: _Values) -> str:
    type_ = column_of(table, where.column).type
    column = quoted(where.column)
    if where.value is None:
        return f"{column} is {'' if where.compare is Compare.EQUAL else 'not '}null"
    if where.compare is Compare.CONTAINS:
        return _HOLDS.format(column, values.add(where.value))
    if isinstance(where.value, tuple):
        texts = [_text_of(value, type_) for value in where.value]
        return f"{column} = any ({values.add(texts)}::text[]::{TYPES[type_]}[])"
    return f"{column} {where.compare.value} {values.add(_text_of(where.value, type_))}::text::{TYPES[type_]}"


def _text_of(value: Value, type_: ColumnType) -> str:
    if type_ is ColumnType.REAL and isinstance(value, float):
        return repr(value)
    if isinstance(value, date):  # and moments
        return value.isoformat()
    return str(value)

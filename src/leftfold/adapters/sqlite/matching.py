"""Which events have tags and types: a condition of an append, a filter of a read."""

from __future__ import annotations

import sqlite3
from typing import Final

from leftfold.adapters.sqlite.rows import Value
from leftfold.store.events import QueryItem
from leftfold.store.names import flaw_of

__all__ = ["filter_sql", "is_matched"]

_FEW: Final = 20
_NUMBER: Final = "(select number from names where name = ?)"
_COUNT: Final = f"select count(*) from (select 1 from tags where tag = {_NUMBER} and position > ? limit ?)"


def is_matched(cursor: sqlite3.Cursor, item: QueryItem, after: int, head: int) -> bool:
    """Whether an event after position *after* matches *item*; with tags it costs what the rarest of them costs.

    Args:
        head: the last position of the log.
    """
    if after >= head:
        return False
    types, values = _types_sql(item)
    if not item.tags:
        sql = f"select 1 from events e where e.position > ?{types} limit 1"
        return cursor.execute(sql, (after, *values)).fetchone() is not None
    first, *others = sorted(item.tags) if head - after <= _FEW else _rarest_first(cursor, item, after)
    join = " join events e on e.position = t.position" if types else ""
    sql = f"select 1 from tags t{join} where t.tag = {_NUMBER} and t.position > ?"
    sql += f"{_others_sql('t.position', len(others))}{types} limit 1"
    return cursor.execute(sql, (first, after, *others, *values)).fetchone() is not None


def filter_sql(item: QueryItem, after: int, end: int) -> tuple[str, list[Value]]:
    """A condition on `events e` that holds for what matches *item* between two positions."""
    if any(flaw_of(name) for name in (*item.tags, *item.types)):
        return "false", []  # what cannot be stored is not there
    types, values = _types_sql(item)
    tags = sorted(item.tags)
    if not tags:
        return f"(true{types})", values
    chosen = f"e.position in (select position from tags where tag = {_NUMBER} and position > ? and position <= ?)"
    others = _others_sql("e.position", len(tags) - 1)
    return f"({chosen}{others}{types})", [tags[0], after, end, *tags[1:], *values]


def _rarest_first(cursor: sqlite3.Cursor, item: QueryItem, after: int) -> list[str]:
    """The tags of *item*; each is counted as far as the rarest goes, and at most ten times that."""
    tags, upto = sorted(item.tags), _FEW
    while len(tags) > 1:
        seen: dict[str, int] = {tag: cursor.execute(_COUNT, (tag, after, upto)).fetchone()[0] for tag in tags}
        tags.sort(key=seen.__getitem__)
        if seen[tags[0]] < upto:
            break
        upto *= 10
    return tags


def _others_sql(position: str, count: int) -> str:
    return f" and exists (select 1 from tags o where o.tag = {_NUMBER} and o.position = {position})" * count


def _types_sql(item: QueryItem) -> tuple[str, list[Value]]:
    if not item.types:
        return "", []
    return f" and e.type in ({', '.join('?' * len(item.types))})", [*sorted(item.types)]

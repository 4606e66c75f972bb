"""What the store asks the database when it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from leftfold.adapters.postgres.rows import COLUMNS
from leftfold.store.events import QueryItem
from leftfold.store.limits import SCAN_POSITIONS
from leftfold.store.names import flaw_of

__all__ = ["MAX_BIGINT", "Queries", "Query", "big"]

MAX_BIGINT: Final = 2**63 - 1

Query: TypeAlias = tuple[str, Sequence[object]]
"""Text of a query, and its values."""


def big(number: int | None) -> int:
    """A bound as the database can take it; None is none."""
    return MAX_BIGINT if number is None else min(number, MAX_BIGINT)


_JOINED: Final = 5
"""Tags of an item that the database may begin with; it weighs every order of them, so more take it long to plan."""

_RANGE = "{0}.position > $1 and {0}.position <= h.upto"


class Queries:
    """The queries of one store.

    Args:
        schema: its database schema.
    """

    def __init__(self, schema: str) -> None:
        self._events = f'"{schema}".events'
        self._tags = f'"{schema}".tags'
        self.head: str = f"select coalesce((select position from {self._events} order by position desc limit 1), 0)"
        self.by_id: str = f"select {COLUMNS} from {self._events} where id = any ($1::text::uuid[])"
        self.log: str = (
            f"select {COLUMNS} from {self._events} where position > $1 and position <= $2 order by position limit $3"
        )
        self.wrong_tags: str = (
            f"select e.position, n.tag, true as lost from {self._events} e cross join lateral unnest(e.tags) n (tag) "
            f"where not exists (select from {self._tags} t where t.tag = n.tag and t.position = e.position) "
            f"union all select t.position, t.tag, false from {self._tags} t where not exists ("
            f"select from {self._events} e where e.position = t.position and t.tag = any (e.tags)) order by 1, 2"
        )
        self.facts: str = self._stream("version, type, schema_version, data", "asc")
        self.valid_facts: str = self._stream(
            "version, type, schema_version, data", "asc", "and occurred_at <= $5::text::timestamptz"
        )
        self.forward: str = self._stream(COLUMNS, "asc")
        self.backward: str = self._stream(COLUMNS, "desc")
        self.versions: str = (
            f"select s.stream, v.version from unnest($1::text[]) s (stream) cross join lateral (select q.version "
            f"from {self._events} q where q.stream = s.stream order by q.version desc limit 1) v"
        )

    def filtered(
        self, match: Sequence[QueryItem], category: str | None, after: int, upto: int | None, limit: int
    ) -> Query:
        """Events that match, and in the last column how far was looked, also when nothing matched."""
        values: list[object] = [after, min(MAX_BIGINT if upto is None else upto, after + SCAN_POSITIONS), limit]
        positions = " union ".join(self._positions(item, values) for item in match) or self._all()
        where = ""
        if category is not None:
            values.append(
                None if category and flaw_of(category) else category
            )  # nothing is of one that cannot be stored
            where = f"where split_part(e.stream, '-', 1) = ${len(values)}::text"
        columns = "e." + COLUMNS.replace(", ", ", e.")
        found = (
            f"select {columns} from ({positions}) p join {self._events} e on e.position = p.position {where} "
            "order by p.position limit $3"
        )
        text = (
            f"with h as materialized (select least(({self.head}), $2) as upto) "
            f"select e.*, h.upto from h left join lateral ({found}) e on true order by e.position"
        )
        return text, values

    def _positions(self, item: QueryItem, values: list[object]) -> str:
        if any(flaw_of(name) for name in (*item.tags, *item.types)):
            return "select $1::bigint as position where false"  # every value has to be used
        names = sorted(item.tags)
        tags, rest = [self._bound(values, tag, "text") for tag in names[:_JOINED]], names[_JOINED:]
        types = f" and e.type = any ({self._bound(values, sorted(item.types), 'text[]')})" if item.types else ""
        if not tags:
            return self._all() + types
        there = f"exists (select from {self._tags} o where o.tag = {{}} and o.position = t.position)"
        others = "".join(f" and {there.format(tag)}" for tag in tags[1:])
        if rest:
            unnested = self._bound(values, rest, "text[]")
            others += f" and not exists (select from unnest({unnested}) n (tag) where not {there.format('n.tag')})"
        if types:
            others += f" and exists (select from {self._events} e where e.position = t.position{types})"
        return f"select t.position from {self._tags} t where t.tag = {tags[0]} and {_RANGE.format('t')}{others}"

    def _all(self) -> str:
        return f"select e.position from {self._events} e where {_RANGE.format('e')}"

    def _stream(self, columns: str, order: str, further: str = "") -> str:
        return (
            f"select {columns} from {self._events} where stream = $1 and version > $2::bigint "
            f"and version <= $3::bigint {further} order by version {order} limit $4"
        )

    @staticmethod
    def _bound(values: list[object], value: object, type_: str) -> str:
        values.append(value)
        return f"${len(values)}::{type_}"

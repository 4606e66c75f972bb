"""Moments of the log, each found by a few probes of an index in one statement, and so from one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.queries import big
from leftfold.store.limits import MAX_NAME_BYTES
from leftfold.store.names import first_above, flaw_of
from leftfold.store.timeline import StreamHead

__all__ = ["Timeline"]

_ABOVE_ALL: Final = "\U0010ffff" * MAX_NAME_BYTES
"""Above every name that can be stored; a bound left out would keep the index from bounding the scan."""


class Timeline:
    """Answers when. Arguments are those of the port, checked already; moments are in UTC."""

    def __init__(self, readers: Readers, schema: str) -> None:
        events = f'"{schema}".events'
        self._readers = readers
        self._position = _position_sql(events)
        self._version = f"{_bisection(events, '$1::text', '$2::bigint')} select low from b where low = high"
        self._streams = _streams_sql(events)

    async def position_at(self, recorded: datetime) -> int:
        """See `Timeline.position_at` of the port."""
        rows = await self._readers.fetch(self._position, recorded.isoformat())
        position: int = rows[0][0]
        return position

    async def version_at(self, stream: str, position: int) -> int:
        """See `Timeline.version_at` of the port."""
        if flaw_of(stream):
            return 0
        rows = await self._readers.fetch(self._version, str(stream), big(position))
        version: int = rows[0][0]
        return version

    async def streams(self, category: str | None, after: str, upto: int | None, limit: int) -> Sequence[StreamHead]:
        """See `Timeline.streams` of the port."""
        if category is not None and ("-" in category or (category and flaw_of(category))):
            return []  # no stream is of such a category
        floor = "" if category is None else f"{category}-"
        start = category if category and after < category else max(first_above(after), floor)
        end = _ABOVE_ALL if category is None else f"{category}."  # the character after the hyphen
        rows = await self._readers.fetch(self._streams, start, floor, end, category, big(upto), big(limit))
        return [StreamHead(*row) for row in rows]


def _position_sql(events: str) -> str:
    """The last position recorded at or before $1, by bisection: recorded times never run backwards along positions."""
    return f"""
        with recursive b (low, high) as (
            select 0::bigint, coalesce((select q.position from {events} q order by q.position desc limit 1), 0)
            union all
            select case when m.past then m.position else b.low end, case when m.past then b.high else m.position - 1 end
            from b cross join lateral (
                select q.position, q.recorded_at <= $1::text::timestamptz as past from {events} q
                where q.position <= b.high - (b.high - b.low) / 2 order by q.position desc limit 1) m
            where b.low < b.high)
        select low from b where low = high"""


def _bisection(events: str, stream: str, position: str) -> str:
    """`b`, whose last row has the version of *stream* at *position* twice; it begins with a look at the newest."""
    return f"""
        with recursive b (low, high) as (
            select case when n.position <= {position} then n.version else 0 end,
                case when n.position <= {position} then n.version else coalesce(n.version, 1) - 1 end
            from (select) o left join lateral (
                select q.version, q.position from {events} q
                where q.stream = {stream} order by q.version desc limit 1) n on true
            union all
            select case when m.past then m.version else b.low end, case when m.past then b.high else m.version - 1 end
            from b cross join lateral (
                select q.version, q.position <= {position} as past from {events} q
                where q.stream = {stream} and q.version <= b.high - (b.high - b.low) / 2
                order by q.version desc limit 1) m
            where b.low < b.high)"""


def _streams_sql(events: str) -> str:
    """Streams from $1 on, by skipping along (stream, version) from the first event of one to that of the next.

    The first step may be to a name below $2, which counts only if it is $4; the others are at or above $2 and below $3.
    """
    return f"""
        with recursive s (next, stream, found, counted) as (
            select $1::text collate "C", null::text collate "C", false, 0::bigint
            union all
            select greatest(e.stream || chr(1), $2::text), e.stream, e.found, s.counted + e.found::integer
            from s cross join lateral (
                select q.stream, q.position <= $5::bigint and (q.stream >= $2::text or q.stream = $4::text) as found
                from {events} q where q.stream >= s.next and q.stream < $3::text
                order by q.stream, q.version limit 1) e
            where s.counted < $6::bigint)
        select s.stream, e.version, e.position, e.recorded_at from s cross join lateral (
            {_bisection(events, "s.stream", "$5::bigint")} select low from b where low = high) v (version)
        join {events} e on e.stream = s.stream and e.version = v.version
        where s.found order by s.stream"""

"""Moments of the log: found by halving, so that a few rows are looked at however long the log is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.adapters.sqlite.rows import LARGEST, micros_of, time_of
from leftfold.store.checks import check_moment, check_range
from leftfold.store.names import first_above, flaw_of
from leftfold.store.timeline import StreamHead

__all__ = ["SqliteTimeline"]

_Named: TypeAlias = tuple[str, int, int, int]
"""A name, and the version, position and recorded time of the last event of its stream; version 0 when there is none."""

_FEWEST, _MOST = 64, 512

_POSITION_AT = """
with recursive span (low, high) as (
    select 0, (select coalesce(max(position), 0) from events)
    union all
    select iif(e.recorded_at <= :at, e.position, low), iif(e.recorded_at <= :at, high, e.position - 1)
    from span cross join events e on e.position = (low + high + 1) / 2
    where low < high
)
select low from span where low = high"""

# The unique index on stream and version holds the position too, so of the log itself only the last row is read.
_VERSIONS_AT = """
with recursive span (stream, low, high) as (
    select number, 0, coalesce((select max(version) from events where stream = number), 0)
    from ({chosen})
    union all
    select e.stream, iif(e.position <= :at, e.version, low), iif(e.position <= :at, high, e.version - 1)
    from span cross join events e on e.stream = span.stream and e.version = (low + high + 1) / 2
    where low < high
)
select n.name, low, e.position, e.recorded_at
from span cross join names n on n.number = span.stream
left join events e on e.stream = span.stream and e.version = low
where low = high order by n.name"""

_ONE = _VERSIONS_AT.format(chosen="select number from names where name = :low")
_FROM = _VERSIONS_AT.format(chosen="select number from names where name >= :low order by name limit :size")
_BETWEEN = _VERSIONS_AT.format(
    chosen="select number from names where name >= :low and name < :below order by name limit :size"
)


class SqliteTimeline(OpenFile):
    """See `Timeline`."""

    async def position_at(self, recorded: datetime) -> int:
        """See `Timeline.position_at`."""
        micros = micros_of(check_moment(recorded))
        [(position,)] = await self._read(lambda: self._connection.execute(_POSITION_AT, {"at": micros}).fetchall())
        return int(position)

    async def version_at(self, stream: str, position: int) -> int:
        """See `Timeline.version_at`."""
        check_range(0, position, 1)
        self._check_open()
        if flaw_of(stream):
            return 0
        values = {"at": min(position, LARGEST), "low": str(stream)}
        found: list[_Named] = await self._read(lambda: self._connection.execute(_ONE, values).fetchall())
        return found[0][1] if found else 0

    async def streams(
        self, *, category: str | None = None, after: str = "", upto: int | None = None, limit: int = 500
    ) -> Sequence[StreamHead]:
        """See `Timeline.streams`."""
        check_range(0, upto, limit)
        head = await self._read(self._position)
        position = head if upto is None else min(head, upto)
        heads: list[StreamHead] = []
        for low, below in _ranges(category, first_above(after)):
            start = low
            while len(heads) < limit:
                size = min(max(limit - len(heads), _FEWEST), _MOST)
                named = await self._read(partial(self._versions, position, start, below, size))
                heads += [StreamHead(name, version, at, time_of(when)) for name, version, at, when in named if version]
                if len(named) < size:
                    break
                start = first_above(named[-1][0])
                await asyncio.sleep(0)
        return heads[:limit]

    def _versions(self, position: int, low: str, below: str | None, size: int) -> list[_Named]:
        """The next names of streams and tags, each with the last event that its stream had."""
        values = {"at": position, "low": low, "below": below, "size": size}
        return self._connection.execute(_FROM if below is None else _BETWEEN, values).fetchall()


def _ranges(category: str | None, floor: str) -> list[tuple[str, str | None]]:
    """The ranges of names from *floor* on that a category has: its own name, and all that go on with a hyphen."""
    if category is None:
        return [(floor, None)]
    if "-" in category or (category and flaw_of(category)):
        return []
    ranges = ((category, first_above(category)), (f"{category}-", f"{category}."))
    return [(max(floor, low), below) for low, below in ranges if floor < below]

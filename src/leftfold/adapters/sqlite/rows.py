"""Rows of the file: written from events, read back into events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from leftfold.adapters.sqlite.naming import Naming
from leftfold.errors import StoreError
from leftfold.ids import uuid_of
from leftfold.store.events import QueryItem, StoredEvent
from leftfold.store.names import flaw_of

__all__ = [
    "COLUMNS",
    "LARGEST",
    "Row",
    "Run",
    "Value",
    "event_of",
    "exists_sql",
    "filter_sql",
    "micros_of",
    "tags_text",
    "time_of",
]

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[int, int, int, str, int, bytes, str, str, str | None, int | None, int]
Run: TypeAlias = tuple[int, int, int]
"""The number of a tag, and the first and last of positions in a row that have it."""

COLUMNS = "position, stream, version, type, schema_version, id, data, metadata, tags, occurred_at, recorded_at"

LARGEST: Final = 2**63 - 1
"""The largest number SQLite keeps; no position or version gets there."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = "(select number from names where name = ?)"

_decode_tags = msgspec.json.Decoder(tuple[int, ...]).decode


def micros_of(time: datetime) -> int:
    """The microseconds from the start of 1970 in UTC to *time*."""
    return (time - _EPOCH) // _MICROSECOND


def time_of(micros: int) -> datetime:
    """The time *micros* microseconds after the start of 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def tags_text(numbers: list[int]) -> str:
    """The JSON array of *numbers*, as Python happens to write it too."""
    return str(numbers)


def event_of(row: Row, naming: Naming) -> StoredEvent:
    """The event of a row.

    Raises:
        StoreError: it is none, so the file is damaged.
    """
    position, stream, version, type_, schema_version, id_, data, metadata, tags, occurred_at, recorded_at = row
    try:
        recorded = time_of(recorded_at)
        return StoredEvent(
            position=position,
            stream=naming.name(stream),
            version=version,
            id=uuid_of(id_),
            type=type_,
            schema_version=schema_version,
            data=data.encode(),
            metadata=metadata.encode(),
            occurred_at=recorded if occurred_at is None else time_of(occurred_at),
            recorded_at=recorded,
            tags=tuple(map(naming.name, _decode_tags(tags))) if tags else (),
        )
    except (ValueError, OverflowError) as error:
        reason = f"position {position} is no event: {error}; restore it from a backup"
        raise StoreError(f"the file is damaged: {reason}") from error


def exists_sql(item: QueryItem, after: int) -> tuple[str, list[Value]]:
    """A query that has a row if an event after position *after* matches *item*."""
    after, tags = min(after, LARGEST), sorted(item.tags)
    if not tags:
        types, values = _types_sql(item)
        return f"select 1 from events e where e.position > ?{types} limit 1", [after, *values]
    types, values = _types_sql(item)
    join = " join events e on e.position = t.position" if types else ""
    others = _others_sql("t.position", len(tags) - 1)
    return (
        f"select 1 from tags t{join} where t.tag = {_NUMBER} and t.position > ?{others}{types} limit 1",
        [tags[0], after, *tags[1:], *values],
    )


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


def _others_sql(position: str, count: int) -> str:
    return f" and exists (select 1 from tags o where o.tag = {_NUMBER} and o.position = {position})" * count


def _types_sql(item: QueryItem) -> tuple[str, list[Value]]:
    if not item.types:
        return "", []
    return f" and e.type in ({', '.join('?' * len(item.types))})", [*sorted(item.types)]

"""Rows of the file: written from events, read back into events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from leftfold.store.events import NewEvent, QueryItem, StoredEvent
from leftfold.store.names import flaw_of

__all__ = [
    "COLUMNS",
    "LARGEST",
    "Row",
    "Value",
    "event_of",
    "exists_sql",
    "filter_sql",
    "row_of",
    "row_of_stored",
    "time_text",
]

Value: TypeAlias = str | int | None
Row: TypeAlias = tuple[int, str, int, str, int, str, str, str, str | None, str | None, str]

COLUMNS = "position, stream, version, type, schema_version, id, data, metadata, tags, occurred_at, recorded_at"

LARGEST: Final = 2**63 - 1
"""The largest number SQLite keeps; no position or version gets there."""

_encode_tags = msgspec.json.Encoder().encode
_decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode


def time_text(time: datetime) -> str:
    """UTC with microseconds and a Z, so that text order is time order."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def row_of(event: NewEvent, stream: str, version: int, position: int, recorded_at: str) -> Row:
    """The row of a new event."""
    return (
        position,
        stream,
        version,
        event.type,
        event.schema_version,
        str(event.id),
        event.data.decode(),
        event.metadata.decode(),
        _tags_text(event.tags) if event.tags else None,
        time_text(event.occurred_at) if event.occurred_at else None,
        recorded_at,
    )


def row_of_stored(event: StoredEvent) -> Row:
    """The row of an event that another store recorded."""
    return (
        event.position,
        event.stream,
        event.version,
        event.type,
        event.schema_version,
        str(event.id),
        event.data.decode(),
        event.metadata.decode(),
        _tags_text(event.tags) if event.tags else None,
        time_text(event.occurred_at) if event.occurred_at != event.recorded_at else None,
        time_text(event.recorded_at),
    )


def event_of(row: Row) -> StoredEvent:
    """The event of a row."""
    position, stream, version, type_, schema_version, id_, data, metadata, tags, occurred_at, recorded_at = row
    recorded = datetime.fromisoformat(recorded_at)
    return StoredEvent(
        position=position,
        stream=stream,
        version=version,
        id=UUID(id_),
        type=type_,
        schema_version=schema_version,
        data=data.encode(),
        metadata=metadata.encode(),
        occurred_at=datetime.fromisoformat(occurred_at) if occurred_at else recorded,
        recorded_at=recorded,
        tags=_decode_tags(tags) if tags else (),
    )


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
        f"select 1 from tags t{join} where t.tag = ? and t.position > ?{others}{types} limit 1",
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
    chosen = "e.position in (select position from tags where tag = ? and position > ? and position <= ?)"
    others = _others_sql("e.position", len(tags) - 1)
    return f"({chosen}{others}{types})", [tags[0], after, end, *tags[1:], *values]


def _others_sql(position: str, count: int) -> str:
    return f" and exists (select 1 from tags o where o.tag = ? and o.position = {position})" * count


def _types_sql(item: QueryItem) -> tuple[str, list[Value]]:
    if not item.types:
        return "", []
    return f" and e.type in ({', '.join('?' * len(item.types))})", [*sorted(item.types)]


def _tags_text(tags: tuple[str, ...]) -> str:
    return _encode_tags(tags if len(tags) == 1 else sorted(set(tags))).decode()

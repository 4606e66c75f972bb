"""Rows of the file: written from events, read back into events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from leftfold.adapters.sqlite.naming import Naming
from leftfold.errors import StoreError
from leftfold.ids import uuid_of
from leftfold.store.events import StoredEvent

__all__ = ["COLUMNS", "LARGEST", "Row", "Run", "Value", "event_of", "micros_of", "tags_text", "time_of"]

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[int, int, int, str, int, bytes, str, str, str | None, int | None, int]
Run: TypeAlias = tuple[int, int, int]
"""The number of a tag, and the first and last of positions in a row that have it."""

COLUMNS = "position, stream, version, type, schema_version, id, data, metadata, tags, occurred_at, recorded_at"

LARGEST: Final = 2**63 - 1
"""The largest number SQLite keeps; no position or version gets there."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

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

"""Rows of the database, read back into events."""

from __future__ import annotations

from typing import Any, Final, Protocol

from leftfold.store.events import StoredEvent

__all__ = ["COLUMNS", "Row", "event_of"]

COLUMNS: Final = (
    "position, stream, version, id, type, schema_version, data::text as data, metadata::text as metadata, "
    "occurred_at, recorded_at, tags"
)
"""What an event is made of; JSON as text, so that no codec of a connection touches it."""


class Row(Protocol):
    """A row of any driver."""

    def __getitem__(self, index: int, /) -> Any:  # noqa: ANN401 - a value of the database
        """One column."""
        ...


def event_of(row: Row) -> StoredEvent:
    """The event of a row that begins with `COLUMNS`."""
    return StoredEvent(
        position=row[0],
        stream=row[1],
        version=row[2],
        id=row[3],
        type=row[4],
        schema_version=row[5],
        data=row[6].encode(),
        metadata=row[7].encode(),
        occurred_at=row[8],
        recorded_at=row[9],
        tags=tuple(row[10] or ()),
    )

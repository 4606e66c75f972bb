"""What decides over an append, alike for every store: the version and the repetition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from uuid import UUID

from leftfold.errors import Conflict, IdReused
from leftfold.store.events import Appended, Expected, ExpectedVersion, NewEvent, QueryItem, StoredEvent, ToStream

__all__ = ["check_version", "first_result", "matches"]


def check_version(stream: str, expected: ExpectedVersion, actual: int) -> None:
    """Raise `Conflict` unless a stream at version *actual* (0: no stream) is as *expected*."""
    if not isinstance(expected, Expected):
        fits = actual == expected
    elif expected is Expected.ANY:
        return
    else:
        fits = actual > 0 if expected is Expected.STREAM_EXISTS else actual == 0
    if not fits:
        name = f"Expected.{expected.name}" if isinstance(expected, Expected) else expected
        raise Conflict(stream, name, actual)


def first_result(parts: Sequence[ToStream], stored: Mapping[UUID, StoredEvent]) -> Appended:
    """What the append of *parts* came to when it was first stored.

    Args:
        stored: every stored event whose id is among those of *parts*, by id.

    Raises:
        IdReused: what is stored under these ids is not the same events in the same order.
    """
    versions: dict[str, int] = {}
    position = 0
    for part in parts:
        for event in part.events:
            found = stored.get(event.id)
            if found is None or not _same(event, part.stream, found) or found.position <= position:
                known = found or next(iter(stored.values()))
                raise IdReused(known.id, known.stream, known.version)
            position = found.position
            versions[part.stream] = found.version
    recorded_at = max(event.recorded_at for event in stored.values())
    return Appended(position=position, versions=versions, recorded_at=recorded_at, repeated=True)


def matches(event: StoredEvent, items: Sequence[QueryItem]) -> bool:
    """Whether *event* matches one of *items*."""
    return any(
        (not item.types or event.type in item.types) and (not item.tags or item.tags.issubset(event.tags))
        for item in items
    )


def _same(new: NewEvent, stream: str, found: StoredEvent) -> bool:
    return (
        found.stream == stream
        and found.type == new.type
        and found.schema_version == new.schema_version
        and found.data == new.data
        and found.tags == tuple(sorted(set(new.tags)))
        and (new.occurred_at is None or found.occurred_at == new.occurred_at.astimezone(UTC))
    )

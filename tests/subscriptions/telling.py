"""A log whose events all read as one thing told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from leftfold.messages.recorded import RecordedEvent
from leftfold.store import StoredEvent

__all__ = ["WHEN", "Telling", "Told"]

WHEN: Final = datetime(2026, 1, 2, tzinfo=UTC)


class Told:
    """What every event of the log reads as."""


class Telling:
    """What reads the log, without decoding anything."""

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        """The one event that *stored* reads as, whatever is wanted."""
        told = RecordedEvent[object](
            event=Told(),
            stream=stored.stream,
            version=stored.version,
            position=stored.position,
            id=stored.id,
            type=stored.type,
            schema_version=1,
            occurred_at=WHEN,
            recorded_at=WHEN,
        )
        return (told,)

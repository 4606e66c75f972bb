"""What callers without types may hand in where a number or a time belongs."""

from __future__ import annotations

from datetime import datetime

__all__ = ["is_count", "moment_flaw"]


def is_count(given: object) -> bool:
    """Whether *given* is a whole number from 1."""
    return isinstance(given, int) and not isinstance(given, bool) and given >= 1


def moment_flaw(given: object) -> str | None:
    """Why *given* is no moment; None when it is a time with a zone."""
    if not isinstance(given, datetime):
        return f"{given!r:.80} is no datetime; give one with a zone, as in datetime(2026, 3, 31, tzinfo=UTC)"
    if given.utcoffset() is None:
        return f"{given.isoformat()} has no zone; give one, as in datetime(2026, 3, 31, tzinfo=UTC)"
    return None

"""What this code cannot do because newer code has stored an event: that one goes on with it, and no try has failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from leftfold.errors import UnknownEventType, UnknownSchemaVersion

__all__ = ["left_to_newer_code", "looked_again"]

_SOONEST: Final = timedelta(seconds=1)
_LATEST: Final = timedelta(minutes=1)


def left_to_newer_code(error: Exception | None, since: datetime | None, now: datetime) -> datetime | None:
    """When it is looked again who can do it; None when *error* is of another kind.

    Args:
        since: when it began; pauses grow with the time that it has waited.
    """
    return looked_again(since, now) if isinstance(error, UnknownEventType | UnknownSchemaVersion) else None


def looked_again(since: datetime | None, now: datetime) -> datetime:
    """When something that waits for other code is looked at again; see `left_to_newer_code`."""
    waited = _SOONEST if since is None else now - since
    return now + min(max(waited, _SOONEST), _LATEST)

"""The part of the port that answers when: which position, version and streams one moment cuts off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

__all__ = ["StreamHead", "Timeline"]


class StreamHead(Struct, frozen=True):
    """A stream and its last event up to some position.

    Args:
        version: of that event.
        position: of that event.
        recorded_at: when that event was recorded.
    """

    stream: str
    version: int
    position: int
    recorded_at: datetime


class Timeline(Protocol):
    """Moments of a log.

    Recorded time never runs backwards along the log, so one moment is one position, and that position cuts all
    streams consistently. All methods may raise `StoreUnavailable` and `StoreClosed`, and look at a few rows only.
    """

    async def position_at(self, recorded: datetime) -> int:
        """The position of the last event recorded at or before a moment, 0 when there is none.

        It is final once an event recorded later exists.

        Args:
            recorded: with a zone.

        Raises:
            InvalidQuery: *recorded* has no zone.
        """
        ...

    async def version_at(self, stream: str, position: int) -> int:
        """The version of the last event of *stream* at or before *position*, 0 when there is none.

        Raises:
            InvalidQuery: *position* is negative.
        """
        ...

    async def streams(
        self, *, category: str | None = None, after: str = "", upto: int | None = None, limit: int = 500
    ) -> Sequence[StreamHead]:
        """At most *limit* streams whose name comes after *after*, in the order of their names' code points.

        Args:
            category: only streams of this category.
            after: a stream's name; ask on after the last one of a page. Empty begins with the first.
            upto: a position, included: only streams that had an event by then, as they were then.
                None means now.
            limit: 1 or more.

        Returns:
            A page, shorter than *limit* only at the end.

        Raises:
            InvalidQuery: a negative bound, or a limit below 1.
        """
        ...

"""What finds events by tag, compared with the tags that the events have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

__all__ = ["Indexed", "WrongTag"]


class WrongTag(Struct, frozen=True):
    """A tag by which an event is found or not, other than it should be.

    Args:
        position: of the event, or of none.
        tag: which one.
        lost: the event has it and is not found by it; otherwise it is found, or nothing is, and has it not.
    """

    position: int
    tag: str
    lost: bool


@runtime_checkable
class Indexed(Protocol):
    """An optional power of a store that keeps the tags of events in a table of their own."""

    async def wrong_tags(self) -> Sequence[WrongTag]:
        """Where that table is not what the events say, by position and tag; it reads all of both."""
        ...

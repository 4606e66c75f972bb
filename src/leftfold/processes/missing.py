"""Events that wait for the instance of a process they belong to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.store.work import Begin

__all__ = ["MISSING", "MissingEvent", "dump_missing", "load_missing", "missing_event", "missing_id", "place_of"]

MISSING: Final = "missing/"
"""Ids and queues of such events begin with it."""


class MissingEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event without an instance.

    Args:
        process: name of the context and the process.
        key: of the instance.
        source: name of the context whose log the event is in.
        position: of the event there.
        type: its name; of what another context publishes, the published one.
        error: what the function raised when it was handed in at last; empty when it did not.
    """

    process: str
    key: str
    source: str
    position: int
    type: str
    error: str = ""

    @property
    def place(self) -> str:
        """Where it is: log and position, as an instance that has not begun names what waits for it."""
        return place_of(self.source, self.position)

    @property
    def id(self) -> str:
        """Of its work item."""
        return missing_id(self.process, self.key, self.place)


dump_missing: Final[Callable[[MissingEvent], bytes]] = msgspec.json.Encoder().encode
"""Write it as JSON text."""
load_missing: Final[Callable[[bytes], MissingEvent]] = msgspec.json.Decoder(MissingEvent).decode
"""Read it; raises `ValueError` when it is damaged, or of newer code."""


def place_of(source: str, position: int) -> str:
    """A log and a position in it, as text that sorts like the position."""
    return f"{source}/{position:019d}"


def missing_id(process: str, key: str, place: str) -> str:
    """The id of the work item of what waits for an instance."""
    return f"{MISSING}{process}/{key}/{place}"


def missing_event(event: MissingEvent, wake: datetime | None) -> Begin:
    """What keeps it; what is kept already stays as it is, for a log may be followed once more.

    Args:
        wake: until when it waits; None when it is dead already.
    """
    return Begin(
        id=event.id,
        queue=f"{MISSING}{event.process}",
        status="dead" if wake is None else "waiting",
        state=dump_missing(event),
        wake=wake,
        unless_there=True,
    )

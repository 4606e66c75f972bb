"""Points in time that a state can be asked for, and what the answers are."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from leftfold.errors import InvalidQuery
from leftfold.messages.given import is_count, moment_flaw

__all__ = ["AsOf", "Change", "Difference", "Loaded", "check_as_of"]

S_co = TypeVar("S_co", covariant=True)


class AsOf(Struct, frozen=True, kw_only=True):
    """A point in time, along one or two axes; nothing given means now.

    Args:
        version: after this version of the stream, counted from 1. Goes with nothing else.
        recorded: what was known then: only events recorded by this time, which has a zone.
        valid: what was so then: only events that happened by this time, which has a zone. With *recorded*: what was
            known then about this time.

    Raises:
        InvalidQuery: what is no time or has no zone, what is no version from 1, or a version together with a time.
    """

    version: int | None = None
    recorded: datetime | None = None
    valid: datetime | None = None

    def __post_init__(self) -> None:
        """Check it."""
        for name, time in (("recorded", self.recorded), ("valid", self.valid)):
            if time is not None and (flaw := moment_flaw(time)):
                raise InvalidQuery(f"{name}={flaw}")
            if time is not None and self.version is not None:
                raise InvalidQuery(f"version={self.version} and {name}= ask for two points in time; give one of them")
        if self.version is not None and not is_count(self.version):
            raise InvalidQuery(f"version={self.version!r:.80}: versions are counted from 1")

    def __str__(self) -> str:
        if self.version is not None:
            return f"version {self.version}"
        valid = f"valid {self.valid.isoformat()}" if self.valid else ""
        recorded = f"recorded by {self.recorded.isoformat()}" if self.recorded else ""
        return ", ".join(filter(None, (valid, recorded))) or "now"


def check_as_of(given: object) -> None:
    """Raise `InvalidQuery` unless *given* is a point in time, whatever a caller without types hands in."""
    if not isinstance(given, AsOf):
        raise InvalidQuery(f"{given!r:.80} is no point in time; give AsOf(version=...), recorded= or valid=")


class Loaded(Struct, Generic[S_co], frozen=True, kw_only=True):
    """A state, and what it took to come to it.

    Args:
        state: of an aggregate, sealed, or of a decider.
        version: of the last event in it, 0 when it has none.
        snapshot: version of the snapshot or cached state that folding started from, 0 when from the first event.
        replayed: how many stored events were folded since.
    """

    state: S_co
    version: int
    snapshot: int
    replayed: int


class Change(Struct, Generic[S_co], frozen=True, kw_only=True):
    """A value and since when it was so.

    Args:
        value: what was asked for, computed from the state.
        version: of the last event in that state, counted from 1.
        at: when the value began: a recorded or a valid time, as was asked for.
    """

    value: S_co
    version: int
    at: datetime


class Difference(Struct, frozen=True, kw_only=True):
    """An attribute that is not the same at two points in time.

    Args:
        attribute: its name.
        before: its value at the first point as plain JSON, None when it was not set.
        after: likewise at the second.
    """

    attribute: str
    before: object
    after: object

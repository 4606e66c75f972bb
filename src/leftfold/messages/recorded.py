"""What a typed read of a store returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from leftfold.messages.metadata import NO_METADATA, Metadata

__all__ = ["RecordedEvent", "RecordedPage"]

_E_co = TypeVar("_E_co", covariant=True)


class RecordedEvent(msgspec.Struct, Generic[_E_co], frozen=True, kw_only=True):
    """An event and everything the store knows about it.

    When an upcast splits a stored event, or several are published of it, each part comes with all that the store knows
    of the one.

    Args:
        event: the event itself, in a class of today: the one its stored name and version stand for, after upcasts.
        stream: the stream it belongs to.
        version: its place in that stream, counted from 1, without gaps.
        position: its place in the whole log, counted from 1, without gaps.
        id: unique for ever.
        type: its stored name.
        schema_version: the version it was stored with, counted from 1.
        occurred_at: when it happened.
        recorded_at: when the store recorded it, in UTC.
        metadata: what is known about it beside its content.
        tags: names it is found by across streams, sorted.
        part: which part of the stored event it is, from 0; 0 of one that is whole.
    """

    event: _E_co
    stream: str
    version: int
    position: int
    id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    metadata: Metadata = NO_METADATA
    tags: tuple[str, ...] = ()
    part: int = 0


class RecordedPage(msgspec.Struct, frozen=True):
    """Events of a log read, and the position up to which it looked.

    Args:
        events: those that match, in position order.
        position: everything up to here was looked at; ask on after it. Equal to the *after* that was asked for when
            there is nothing newer.
    """

    events: Sequence[RecordedEvent[object]]
    position: int

"""What goes into a store and what comes out: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

__all__ = [
    "AppendCondition",
    "Appended",
    "Expected",
    "ExpectedVersion",
    "Fact",
    "NewEvent",
    "Page",
    "QueryItem",
    "StoredEvent",
    "ToStream",
]


class Expected(Enum):
    """What a writer expects of a stream when it is not an exact version."""

    ANY = -1
    STREAM_EXISTS = -2
    NO_STREAM = 0


ExpectedVersion: TypeAlias = int | Expected
"""An exact version (0: no stream, otherwise the version of its last event), or an `Expected`."""


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event on its way into a store.

    Args:
        id: unique for ever; the same id twice is the same event.
        type: stored name of the event, at most `MAX_NAME_BYTES` UTF-8 bytes.
        schema_version: version of the payload's schema, from 1.
        data: payload, JSON text in UTF-8. It is stored byte for byte.
        metadata: a JSON object in UTF-8, stored byte for byte.
        tags: names the event is found by across streams; order and repetition are not kept.
        occurred_at: when it happened (valid time), with a zone; None means: when it was recorded.
    """

    id: UUID
    type: str
    data: bytes
    schema_version: int = 1
    metadata: bytes = b"{}"
    tags: tuple[str, ...] = ()
    occurred_at: datetime | None = None


class ToStream(Struct, frozen=True):
    """The part of an append that goes to one stream."""

    stream: str
    expected: ExpectedVersion
    events: Sequence[NewEvent]


class QueryItem(Struct, frozen=True, kw_only=True):
    """Matches events that have all of *tags* and one of *types*; an empty set does not restrict."""

    tags: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


class AppendCondition(Struct, frozen=True, kw_only=True):
    """Fails an append if an event after position *after* matches one of *none_of*.

    Source: the dynamic consistency boundary specification, dcb.events.
    """

    none_of: tuple[QueryItem, ...]
    after: int = 0


class Appended(Struct, frozen=True, kw_only=True):
    """What an append did.

    Args:
        position: of the last event of the append, counted from 1.
        versions: of each stream written, after this append's last event in it, counted from 1.
        recorded_at: when the store recorded it, in UTC.
        repeated: True when the same ids were stored before and nothing was stored now.
    """

    position: int
    versions: Mapping[str, int]
    recorded_at: datetime
    repeated: bool = False


class StoredEvent(Struct, frozen=True, kw_only=True):
    """An event as a store holds it.

    Args:
        position: its place in the whole log, counted from 1, without gaps.
        stream: the stream it belongs to.
        version: its place in that stream, counted from 1, without gaps.
        occurred_at: when it happened; equal to *recorded_at* when the writer said nothing.
        recorded_at: when the store recorded it, in UTC; never runs backwards along the log.
        tags: sorted, without repetition.
    """

    position: int
    stream: str
    version: int
    id: UUID
    type: str
    schema_version: int
    data: bytes
    metadata: bytes
    occurred_at: datetime
    recorded_at: datetime
    tags: tuple[str, ...] = ()


Fact: TypeAlias = tuple[int, str, int, bytes | str]
"""The four columns that folding a stream needs: version, type, schema version, payload."""


class Page(Struct, frozen=True):
    """Events of a log read, and how far it looked.

    Args:
        events: those that match, in position order.
        position: everything up to here was looked at, in one snapshot with *events*; ask on after it. Equal to the
            *after* that was asked for when there is nothing newer.
    """

    events: Sequence[StoredEvent]
    position: int

"""How an event is shown: raw, or as the event class of an app; what cannot be read says why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from leftfold.cli.text import one_line
from leftfold.errors import DamagedPayload, UnreadableEvent
from leftfold.messages.event import event_name, event_version
from leftfold.store.event_store import EventStore
from leftfold.store.events import StoredEvent

__all__ = ["NOTHING", "Reading", "ShownEvent", "Unreadable", "shown", "time_text", "versioned"]

NOTHING: Final = "nothing: an upcast drops it"
"""What is shown instead of the fields of a dropped event."""

_encode = msgspec.json.Encoder(enc_hook=repr).encode  # an upcast may put any value into a field


class Unreadable(Struct, frozen=True):
    """Why an event cannot be read.

    Args:
        error: name of the error that reading it raises.
        reason: what is wrong and what to do.
    """

    error: str
    reason: str


class Reading(Struct, frozen=True):
    """What a stored event is read as.

    Args:
        type: the name of the event class; another one than what is stored after an upcast or an alias.
        schema_version: its version, counted from 1.
        event: its fields.
    """

    type: str
    schema_version: int
    event: Raw

    @property
    def name(self) -> str:
        """Its type, with its version above the first."""
        return versioned(self.type, self.schema_version)


class ShownEvent(Struct, frozen=True, kw_only=True):
    """An event as `--json` writes it: what is stored, and with an app what it reads as.

    Args:
        data: the payload as it is stored; text when it is not JSON.
        metadata: likewise.
        event: the fields of the event class; left out without an app, when it cannot be read, and when upcasts drop it
            or split it.
        events: with an app, what upcasts make of it: one, several, or none; left out when they leave it as it is.
        unreadable: left out when it can be read.
    """

    position: int
    stream: str
    version: int
    id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    recorded_at: datetime
    tags: tuple[str, ...]
    data: Raw
    metadata: Raw
    event: Raw | UnsetType = UNSET
    events: tuple[Reading, ...] | UnsetType = UNSET
    unreadable: Unreadable | UnsetType = UNSET

    @property
    def content(self) -> str:
        """What happened, on one line: the reason when it cannot be read."""
        if isinstance(self.unreadable, Unreadable):
            return f"{self.unreadable.error}: {self.unreadable.reason}"
        if not isinstance(self.events, UnsetType):
            readings = (f"{each.name} {bytes(each.event).decode()}" for each in self.events)
            return f"read as {'; '.join(readings) or NOTHING}"
        return bytes(self.data if isinstance(self.event, UnsetType) else self.event).decode()


def shown(stored: StoredEvent, typed: EventStore | None) -> ShownEvent:
    """Prepare *stored* for showing.

    Args:
        typed: reads it as an event class; None shows what is stored.
    """
    event: Raw | UnsetType = UNSET
    events: tuple[Reading, ...] | UnsetType = UNSET
    unreadable: Unreadable | UnsetType = UNSET
    data, metadata = _raw(stored.data), _raw(stored.metadata)
    try:
        if typed is not None:
            readings = tuple(_reading(recorded.event) for recorded in typed.recorded(stored))
            if [(each.type, each.schema_version) for each in readings] != [(stored.type, stored.schema_version)]:
                events = readings
            if len(readings) == 1:
                event = readings[0].event
        elif data is None or metadata is None:
            raise _damaged(stored)
    except UnreadableEvent as error:
        unreadable = Unreadable(type(error).__name__, error.reason)
    return ShownEvent(
        position=stored.position,
        stream=stored.stream,
        version=stored.version,
        id=stored.id,
        type=stored.type,
        schema_version=stored.schema_version,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        tags=stored.tags,
        data=data or _as_text(stored.data),
        metadata=metadata or _as_text(stored.metadata),
        event=event,
        events=events,
        unreadable=unreadable,
    )


def versioned(type: str, schema_version: int) -> str:
    """The name of an event's type for people, with its version above the first."""
    return f"{type} v{schema_version}" if schema_version > 1 else type


def time_text(time: datetime) -> str:
    """A time for people: UTC, to the millisecond."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")


def _reading(event: object) -> Reading:
    cls = type(event)
    return Reading(event_name(cls), event_version(cls), Raw(_encode(event)))


def _raw(data: bytes) -> Raw | None:
    try:
        msgspec.json.decode(data, type=Raw)
        return Raw(one_line(data))
    except ValueError:
        return None


def _as_text(data: bytes) -> Raw:
    return Raw(_encode(data.decode(errors="backslashreplace")))


def _damaged(stored: StoredEvent) -> DamagedPayload:
    reason = "what is stored is not JSON text; restore the database from a backup"
    return DamagedPayload(stored.stream, stored.version, stored.type, stored.schema_version, reason)

r"""The file format of an exported log: JSON lines in UTF-8.

    {"format":"leftfold-log","format_version":1,"events":2,"last_id":"...","last_recorded_at":"..."}
    {"position":1,"stream":"account-1","version":1,...,"data":"{\"cents\":500}","metadata":"{}"}
    {"position":2,...}

The event at position N is on line N + 1. Payload and metadata are JSON strings that hold the stored text: whatever
white space, escapes and digits it has come back as they were, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from leftfold.store.events import StoredEvent

__all__ = ["MAX_LINE_BYTES", "Header", "header_of", "line_of", "read_header", "read_line"]

MAX_LINE_BYTES: Final = 256 * 1024 * 1024
"""Bytes of one line; the largest event there can be, escaped, needs half of it."""

_Time = Annotated[datetime, Meta(tz=True)]
_Count = Annotated[int, Meta(ge=0)]


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line.

    Args:
        events: how many there are; the lines that follow.
        last_id: id of the last event, None when there is none.
        last_recorded_at: when it was recorded.
    """

    format: Literal["leftfold-log"] = "leftfold-log"
    format_version: Literal[1] = 1
    events: _Count
    last_id: UUID | None
    last_recorded_at: _Time | None


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    position: int
    stream: str
    version: int
    id: UUID
    type: str
    schema_version: int
    occurred_at: _Time
    recorded_at: _Time
    tags: tuple[str, ...]
    data: str
    metadata: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode
read_header: Final[Callable[[bytes], Header]] = msgspec.json.Decoder(Header).decode
"""What `line_of` wrote for a header; raises `ValueError` when it is none."""


def header_of(events: int, last: StoredEvent | None) -> Header:
    """The header of a log with *events* events, of which *last* is the last."""
    if last is None:
        return Header(events=events, last_id=None, last_recorded_at=None)
    return Header(events=events, last_id=last.id, last_recorded_at=last.recorded_at)


def line_of(what: Header | StoredEvent) -> bytes:
    """The line of the header or of an event, with its end."""
    if isinstance(what, Header):
        return _encode(what) + b"\n"
    line = _Line(
        position=what.position,
        stream=what.stream,
        version=what.version,
        id=what.id,
        type=what.type,
        schema_version=what.schema_version,
        occurred_at=what.occurred_at,
        recorded_at=what.recorded_at,
        tags=what.tags,
        data=what.data.decode(),
        metadata=what.metadata.decode(),
    )
    return _encode(line) + b"\n"


def read_line(line: bytes) -> StoredEvent:
    """What `line_of` wrote for an event; raises `ValueError` when it is none."""
    read = _decode(line)
    return StoredEvent(
        position=read.position,
        stream=read.stream,
        version=read.version,
        id=read.id,
        type=read.type,
        schema_version=read.schema_version,
        data=read.data.encode(),
        metadata=read.metadata.encode(),
        occurred_at=read.occurred_at,
        recorded_at=read.recorded_at,
        tags=tuple(sorted(set(read.tags))),
    )

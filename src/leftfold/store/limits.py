"""Named limits that every store keeps alike."""

from __future__ import annotations

from typing import Final

from leftfold.messages.message import MAX_NAME_BYTES

__all__ = [
    "BATCH_BYTES",
    "BATCH_EVENTS",
    "MAX_APPEND_BYTES",
    "MAX_APPEND_EVENTS",
    "MAX_EVENT_BYTES",
    "MAX_NAME_BYTES",
    "MAX_QUERY_TAGS",
    "MAX_QUERY_TYPES",
    "SCAN_POSITIONS",
    "WORK_LOOK_S",
]

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
"""Bytes of one event's payload, and of its metadata."""

MAX_APPEND_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all payloads and metadata of one append."""

MAX_APPEND_EVENTS: Final = 10_000
"""Events of one append."""

BATCH_EVENTS: Final = 500
"""Events of one group commit; an append above it is committed alone."""

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Payload and metadata bytes of one group commit; an append above it is committed alone."""

MAX_QUERY_TAGS: Final = 500
"""Tags of all query items of a read or an append condition; an item without tags counts as one."""

MAX_QUERY_TYPES: Final = 10_000
"""Types of all query items of a read or an append condition."""

SCAN_POSITIONS: Final = 10_000
"""Positions that one page of a filtered log read looks at, at most."""

WORK_LOOK_S: Final = 1.0
"""Seconds between two looks for work that is due, while nothing tells of any."""

"""Identifiers."""

from __future__ import annotations

import os
import time
from uuid import UUID

__all__ = ["new_id"]

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM_A = 0xFFF << 64
_RANDOM_B = (1 << 62) - 1


def new_id() -> UUID:
    """Make a UUID version 7: 48 bits of Unix milliseconds, then 74 random bits.

    Ids made in different milliseconds sort by time, which keeps index pages of new events together.

    Source: RFC 9562, section 5.7.
    """
    millis = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    return UUID(int=(millis << 80) | _VERSION_7 | (random & _RANDOM_A) | _VARIANT | (random & _RANDOM_B))

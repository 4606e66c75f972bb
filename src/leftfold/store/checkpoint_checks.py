"""What every store asks of claims on checkpoints before it touches a machine, alike for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from leftfold.errors import InvalidInput
from leftfold.store.names import flaw_of

__all__ = ["MAX_LEASE_S", "check_claim", "check_lease", "check_note"]

MAX_LEASE_S: Final = 86_400.0 * 366
"""Seconds of the longest lease."""


def check_claim(name: str, owner: str, lease_s: float) -> timedelta:
    """The lease of a claim; raises `InvalidInput` unless name and owner can be stored and the lease is one."""
    for what, text in (("checkpoint", name), ("owner", owner)):
        if flaw := flaw_of(text):
            raise InvalidInput(f"{what} {text!r:.80} {flaw}")
    return check_lease(lease_s)


def check_lease(lease_s: float) -> timedelta:
    """The lease; raises `InvalidInput` unless it is above 0 and at most `MAX_LEASE_S`."""
    if not 0 < lease_s <= MAX_LEASE_S:
        raise InvalidInput(f"lease_s={lease_s}: a lease is above 0 and at most {MAX_LEASE_S:,.0f} seconds")
    return timedelta(seconds=lease_s)


def check_note(note: str | None) -> None:
    """Raise `InvalidInput` unless *note* can be stored."""
    if note is not None and ("\x00" in note or any("\ud800" <= character <= "\udfff" for character in note)):
        raise InvalidInput("the note holds a NUL character or a lone surrogate; take it out")

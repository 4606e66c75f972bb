"""The part of the port that keeps checkpoints: how far followers of a log are, and who may move them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, cast
from uuid import UUID

from msgspec import Struct

from leftfold.errors import InvalidInput
from leftfold.messages.given import is_number, is_whole, said
from leftfold.store.names import flaw_of

__all__ = [
    "MAX_LEASE_S",
    "Checkpoint",
    "Checkpoints",
    "Claim",
    "check_claim",
    "check_lease",
    "check_prefix",
    "check_release",
    "check_token",
]

MAX_LEASE_S: Final = 86_400.0 * 366
"""Seconds of the longest lease."""


class Claim(Struct, frozen=True):
    """The right to move a checkpoint, until somebody else claims it.

    Args:
        token: higher than that of every claim before; `Advance` must show it.
        position: where the checkpoint is; 0 when nothing was done yet.
        event_id: of the event at *position*; None at 0.
    """

    name: str
    token: int
    position: int
    event_id: UUID | None


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A checkpoint as it is kept.

    Args:
        position: everything up to here is done.
        owner: who claimed it last; None when it was released.
        held: whether the lease of the last claim still runs, by the database's clock.
        until: when that lease ends or ended; None when it was released.
        moved_at: when it was moved or first claimed.
        note: why it was released, for people; None for no reason.
    """

    name: str
    position: int
    event_id: UUID | None
    token: int
    owner: str | None
    held: bool
    until: datetime | None
    moved_at: datetime
    note: str | None


class Checkpoints(Protocol):
    """Checkpoints with leases on the database's clock; `Advance` in a transaction moves them.

    A lease only says who should work; the token is what keeps two from writing. All methods may raise
    `StoreUnavailable` and `StoreClosed`, and `InvalidInput` for a prefix, a token, a lease or a note that is none.
    """

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        """Claim the checkpoint *name*, which begins at position 0 when it is not there; None while another holds it.

        Claiming what one holds already gives a higher token too.

        Args:
            owner: told to whoever asks who holds it.
            lease_s: seconds by the database's clock, above 0.
        """
        ...

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        """Extend the lease to *lease_s* seconds from now; False when *token* is not that of the last claim."""
        ...

    async def release(self, name: str, token: int, note: str | None = None) -> None:
        """End the lease and leave *note*; does nothing when *token* is not that of the last claim."""
        ...

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        """The checkpoints whose names begin with *prefix*, by name."""
        ...

    async def forget(self, name: str) -> None:
        """Delete the checkpoint *name*, if it is there; whoever holds it is fenced."""
        ...

    async def reached(self, name: str, position: int, timeout: float) -> int:
        """Wait until the checkpoint *name* is at *position* or beyond, or *timeout* seconds have passed.

        Returns:
            Where it is, 0 when it is not there.

        Raises:
            InvalidQuery: *position* is no whole number, or *timeout* is no number.
        """
        ...


def check_claim(name: str, owner: str, lease_s: float) -> timedelta:
    """The lease of a claim; raises `InvalidInput` unless name and owner can be stored and the lease is one."""
    for what, text in (("checkpoint", name), ("owner", owner)):
        if flaw := flaw_of(text):
            raise InvalidInput(f"{what} {text!r:.80} {flaw}")
    return check_lease(lease_s)


def check_lease(lease_s: float) -> timedelta:
    """The lease; raises `InvalidInput` unless it is above 0 and at most `MAX_LEASE_S`."""
    if not is_number(lease_s) or not 0 < lease_s <= MAX_LEASE_S:
        raise InvalidInput(f"lease_s={said(lease_s)}: a lease is above 0 and at most {MAX_LEASE_S:,.0f} seconds")
    return timedelta(seconds=lease_s)


def check_prefix(prefix: str) -> None:
    """Raise `InvalidInput` unless *prefix* is a text."""
    if not isinstance(cast("object", prefix), str):
        raise InvalidInput(f"prefix={prefix!r:.80}: give what the names begin with, or leave it out for all")


def check_token(token: int) -> None:
    """Raise `InvalidInput` unless *token* is a whole number, as a `Claim` has one."""
    if not is_whole(token):
        raise InvalidInput(f"token={token!r:.80}: give the token of a Claim")


def check_release(token: int, note: str | None) -> None:
    """Raise `InvalidInput` unless *token* is a whole number, and *note* can be stored."""
    check_token(token)
    if note is None:
        return
    if not isinstance(cast("object", note), str):
        raise InvalidInput(f"note={note!r:.80}: give a text, or None for no reason")
    if "\x00" in note or any("\ud800" <= character <= "\udfff" for character in note):
        raise InvalidInput("the note holds a NUL character or a lone surrogate; take it out")

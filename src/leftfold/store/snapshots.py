"""The part of the port that keeps snapshots: states folded so far, which can always be folded again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from msgspec import Struct

from leftfold.store.names import first_above, flaw_of
from leftfold.store.row_columns import LARGEST_INTEGER

__all__ = ["Snapshot", "SnapshotKey", "SnapshotStore", "bound_of", "digest_of"]


class SnapshotKey(Struct, frozen=True, order=True):
    """Which snapshot.

    Args:
        stream: whose state.
        fingerprint: of the code that folded it; another code never reads it.
        version: of the last event in it, counted from 1.
    """

    stream: str
    fingerprint: str
    version: int


class Snapshot(Struct, frozen=True):
    """The state of a stream after one of its events.

    Args:
        key: which one.
        state: JSON text in UTF-8, kept byte for byte.
        digest: of key and state, see `digest_of`; a damaged snapshot does not fit its own.
    """

    key: SnapshotKey
    state: bytes
    digest: str


class SnapshotStore(Protocol):
    """Keeps snapshots beside the log. They are no facts: they may be replaced and dropped, and losing one costs time.

    All methods may raise `StoreUnavailable` and `StoreClosed`.
    """

    async def load_snapshot(self, stream: str, fingerprint: str, *, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot of *stream* with this fingerprint, as it is kept; nobody has looked at its digest.

        Args:
            upto: a version, included; None means any.

        Raises:
            InvalidQuery: *upto* is negative.
        """
        ...

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep *snapshot*; one with the same key is replaced.

        Raises:
            InvalidPayload, TooLarge: its state is not JSON text that a store keeps, or is above `MAX_EVENT_BYTES`;
                or its fingerprint or digest cannot be kept as a name, or no stream gets to its version.
            InvalidStreamName: it names a stream that cannot be.
        """
        ...

    async def read_snapshots(self, *, after: SnapshotKey | None = None, limit: int = 500) -> Sequence[Snapshot]:
        """At most *limit* snapshots with a key above *after*, ordered by stream, fingerprint and version.

        Raises:
            InvalidQuery: a limit below 1.
        """
        ...

    async def drop_snapshots(self, keys: Sequence[SnapshotKey]) -> int:
        """Forget these snapshots, those that are not there being passed over, and return how many were."""
        ...


def bound_of(after: SnapshotKey | None) -> tuple[str, str, int]:
    """What a database can compare with in place of *after*: the same keys are above it."""
    if after is None:
        return "", "", 0
    if flaw_of(after.stream):
        return first_above(after.stream), "", 0
    if flaw_of(after.fingerprint):
        return str(after.stream), first_above(after.fingerprint), 0
    return str(after.stream), after.fingerprint, max(0, min(after.version, LARGEST_INTEGER))


def digest_of(key: SnapshotKey, state: bytes) -> str:
    """The digest that a snapshot of *key* with this state must have: 32 hexadecimal digits."""
    named = f"{key.stream}\0{key.fingerprint}\0{key.version}\0".encode()
    return blake2b(named + state, digest_size=16).hexdigest()

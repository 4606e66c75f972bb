"""What is kept of states that were folded: snapshots in the store, and the newest states in this process."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidInput, StoreError
from leftfold.messages.given import is_bool, is_count
from leftfold.store.beginning import task_of
from leftfold.store.port import Store
from leftfold.store.snapshots import Snapshot, SnapshotKey, digest_of

__all__ = ["Keeper", "Snapshots", "State"]

_log: Final = logging.getLogger("leftfold")
_MOST_WAITING: Final = 1_000


class Snapshots(Struct, frozen=True, kw_only=True):
    """How an app keeps states; what asks for snapshots is `snapshot_every=` of an aggregate or decider.

    Args:
        with_append: save a snapshot before the command that made it due returns; otherwise soon after, in the
            background. A snapshot that cannot be saved is logged and never fails a command.
        cached: how many states to keep in this process, those used last; 0 keeps none. A cached state is never
            trusted to be the newest: what was recorded since is asked for each time it is used.

    Raises:
        DefinitionError: one is of another kind.
    """

    with_append: bool = False
    cached: int = 0

    def __post_init__(self) -> None:
        if findings := list(_snapshot_flaws(self.with_append, self.cached)):
            raise DefinitionError(*findings)


def _snapshot_flaws(with_append: object, cached: object) -> Iterator[str]:
    if not is_bool(with_append):
        yield f"Snapshots(with_append={with_append!r:.80}): give True or False"
    if cached != 0 and not is_count(cached):
        yield f"Snapshots(cached={cached!r:.80}): give a number of states, 0 or more"


class State(Struct, frozen=True):
    """A state as it is kept.

    Args:
        version: of the last event in it, counted from 1.
        data: JSON text, see `StateCodec`.
        snapshot: version of the newest snapshot that is known to be stored or on its way, 0 when there is none.
        last: id of the last event in it; None for a stored snapshot, which goes wherever its events go.
    """

    version: int
    data: bytes
    snapshot: int
    last: UUID | None = None


class _Waiting(Struct, frozen=True):
    """A snapshot on its way into the store, and the id of the last event in it where that is known."""

    snapshot: Snapshot
    last: UUID | None


class Keeper:
    """Keeps states of one store.

    Args:
        store: where snapshots go, beside their events.
        policy: how.
    """

    def __init__(self, store: Store, policy: Snapshots) -> None:
        self.caches: bool = policy.cached > 0
        self._store = store
        self._policy = policy
        self._cache: OrderedDict[tuple[str, str], State] = OrderedDict()
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._saving: asyncio.Task[None] | None = None

    def cached(self, stream: str, fingerprint: str) -> State | None:
        """The newest state of *stream* that this process has kept, if it has."""
        key = stream, fingerprint
        found = self._cache.get(key)
        if found is not None:
            self._cache.move_to_end(key)
        return found

    def cache(self, stream: str, fingerprint: str, state: State) -> None:
        """Keep *state*, unless a newer one of the stream is here."""
        key = stream, fingerprint
        known = self._cache.get(key)
        if known is None or known.version < state.version:
            self._cache[key] = state
            self._cache.move_to_end(key)
            if len(self._cache) > self._policy.cached:
                self._cache.popitem(last=False)

    async def found(self, stream: str, fingerprint: str, upto: int | None) -> State | None:
        """The newest snapshot of *stream* at or before version *upto*; a damaged one is logged and not used.

        One that is still on its way into the store counts, so that a snapshot is due once and not again and again.
        """
        waiting = self._waiting.get((stream, fingerprint))
        if waiting is not None and (upto is None or waiting.snapshot.key.version <= upto):
            version = waiting.snapshot.key.version
            return State(version, waiting.snapshot.state, version, waiting.last)
        snapshot = await self._store.load_snapshot(stream, fingerprint, upto=upto)
        if snapshot is None:
            return None
        version = snapshot.key.version
        if snapshot.digest != digest_of(snapshot.key, snapshot.state):
            self.distrust(stream, fingerprint, version, "it is damaged")
            return None
        return State(version, snapshot.state, version)

    def distrust(self, stream: str, fingerprint: str, version: int, reason: str) -> None:
        """Let go of a kept state and log why it is not used; the state is folded from its events instead."""
        self._cache.pop((stream, fingerprint), None)
        _log.warning(
            "the state of stream %r kept at version %d is not used: %s; it is folded from the first event. "
            "`leftfold verify --snapshots` names every such snapshot",
            stream,
            version,
            reason,
        )

    async def drop(self, stream: str, fingerprint: str, version: int) -> None:
        """Drop a snapshot of events that are not there: once others take their place it would look right."""
        try:
            await self._store.drop_snapshots([SnapshotKey(stream, fingerprint, version)])
        except StoreError as error:
            _log.warning("snapshot of stream %r at version %d was not dropped: %s", stream, version, error)

    async def save(self, stream: str, fingerprint: str, state: State) -> None:
        """Save a snapshot, now or soon, as the policy says; whatever keeps it from being saved is logged.

        One whose last event is not in the stream once it is saved, as in a log that was put back, is dropped.
        """
        key = SnapshotKey(stream, fingerprint, state.version)
        waiting = _Waiting(Snapshot(key, state.data, digest_of(key, state.data)), state.last)
        if self._policy.with_append:
            await self._save(waiting)
        elif len(self._waiting) < _MOST_WAITING:  # beyond that one is left out: the next command makes it due again
            self._waiting[stream, fingerprint] = waiting
            if self._saving is None:
                self._saving = task_of(self._save_waiting())

    def not_saved(self, stream: str, version: int, error: Exception) -> None:
        """Log why a snapshot was not saved."""
        expected = isinstance(error, DefinitionError | InvalidInput | StoreError)
        _log.warning(
            "snapshot of stream %r at version %d was not saved: %s", stream, version, error, exc_info=not expected
        )

    async def drain(self) -> None:
        """Wait until every snapshot asked for so far is saved or given up."""
        while self._saving is not None:
            await self._saving

    async def _save_waiting(self) -> None:
        try:
            while self._waiting:
                key, waiting = next(iter(self._waiting.items()))
                await self._save(waiting)
                if self._waiting.get(key) is waiting:
                    del self._waiting[key]
        finally:
            self._saving = None

    async def _save(self, waiting: _Waiting) -> None:
        key = waiting.snapshot.key
        try:
            await self._store.save_snapshot(waiting.snapshot)
            if waiting.last is not None and not await self._ends_with(key, waiting.last):
                await self.drop(key.stream, key.fingerprint, key.version)
        except Exception as error:  # noqa: BLE001 - the events are stored, so nothing may make their command fail
            self.not_saved(key.stream, key.version, error)

    async def _ends_with(self, key: SnapshotKey, last: UUID) -> bool:
        """Whether the last event in a snapshot is where it was; asked behind its saving, so no change is missed."""
        events = await self._store.read_stream(key.stream, after=key.version - 1, upto=key.version, limit=1)
        return bool(events) and events[0].id == last

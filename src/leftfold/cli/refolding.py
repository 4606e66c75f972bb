"""Whether a snapshot is what folding its events from the first one comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from leftfold.app.assembly import Assembly
from leftfold.cli.paging import breathe
from leftfold.domain.core import Core
from leftfold.domain.folding import Folding
from leftfold.domain.lifecycle import core_of
from leftfold.domain.state import StateCodec, state_codec
from leftfold.handling.planning import Plan
from leftfold.store.names import category_of, id_of
from leftfold.store.port import Store
from leftfold.store.snapshots import Snapshot, SnapshotKey, digest_of

__all__ = ["Flaw", "Refolding"]

_PAGE: Final = 1_000


class Flaw(Struct, frozen=True):
    """Why a snapshot should go.

    Args:
        reason: what is so.
        stale: nothing is wrong with it; no part of the app reads it.
    """

    reason: str
    stale: bool = False


class _Folded(Struct):
    """A state that is folded on, from one snapshot of a stream to the next."""

    stream: str
    fingerprint: str
    state: object
    version: int = 0


class Refolding:
    """Folds again what snapshots were taken of; those of one stream, given in the order of their keys, in one go.

    Args:
        assembly: whose folds count.
        store: where the events are.

    Raises:
        DefinitionError: a part of the app asks for snapshots and has states that cannot be written; it lists every
            finding.
    """

    def __init__(self, assembly: Assembly, store: Store) -> None:
        self._store = store
        self._plans: dict[tuple[str, str], tuple[Plan[Any], StateCodec[Any]]] = {}
        self._folded: _Folded | None = None
        self._categories = {core_of(part).category for part in assembly.parts}
        for part in assembly.parts:
            core: Core[Any] = core_of(part)
            if core.snapshot_every is not None:
                states = state_codec(part)
                # Without the states, nothing that was kept is used.
                plan = Plan(part, core, Folding(core, assembly.codec), None)
                self._plans[core.category, states.fingerprint] = plan, states

    async def flaw(self, snapshot: Snapshot) -> Flaw | None:
        """Why *snapshot* should go, or None.

        Raises:
            UnreadableEvent: an event that it was taken of cannot be read.
            Exception: whatever folding an event raises.
        """
        key = snapshot.key
        if snapshot.digest != digest_of(key, snapshot.state):
            return Flaw("it is damaged: its digest does not fit; it is not used")
        category = category_of(key.stream)
        known = self._plans.get((category, key.fingerprint))
        if known is None:
            stale = f"stale: no part of the app keeps snapshots under its fingerprint {key.fingerprint}"
            return Flaw(stale, stale=True) if category in self._categories else None  # otherwise another app's
        plan, states = known
        folded = await self._at(plan, key)
        if folded.version < key.version:
            return Flaw(f"it is ahead of its stream, which ends at version {folded.version}; it is not used")
        again = states.dump(folded.state)
        return (
            None if again == snapshot.state else Flaw(f"folding again differs in {_differing(snapshot.state, again)}")
        )

    async def _at(self, plan: Plan[Any], key: SnapshotKey) -> _Folded:
        folded, self._folded = self._folded, None  # a fold that raises leaves a state half-way
        if folded is None or (folded.stream, folded.fingerprint) != (key.stream, key.fingerprint):
            folded = _Folded(key.stream, key.fingerprint, plan.core.initial(id_of(key.stream)))
        while folded.version < key.version:
            facts = await self._store.read_facts(key.stream, after=folded.version, upto=key.version, limit=_PAGE)
            if not facts:
                break
            folded.state = plan.fold(folded.state, facts, key.stream)
            folded.version = facts[-1][0]
            await breathe()
        self._folded = folded
        return folded


def _differing(was: bytes, now: bytes) -> str:
    try:
        old: object = msgspec.json.decode(was)
    except msgspec.DecodeError:
        old = None
    new: Mapping[str, object] = msgspec.json.decode(now, type=dict[str, object])
    if not isinstance(old, dict):
        return "everything: it is no JSON object"
    before = cast("dict[str, object]", old)
    names = sorted(name for name in before.keys() | new.keys() if before.get(name) != new.get(name))
    if not names:
        return "how it is written"
    return ", ".join(f"{name!r}: {before.get(name)!r:.60} is {new.get(name)!r:.60}" for name in names)

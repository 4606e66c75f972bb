"""Whether a snapshot is what folding its events from the first one comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from leftfold.app.composition import App
from leftfold.domain.core import Core
from leftfold.domain.folding import Folding
from leftfold.domain.lifecycle import core_of
from leftfold.domain.state import state_codec
from leftfold.handling.loading import Loader
from leftfold.handling.planning import Plan
from leftfold.store.names import category_of, id_of
from leftfold.store.port import Store
from leftfold.store.snapshots import Snapshot, digest_of

__all__ = ["Refolding"]


class Refolding:
    """Folds again what snapshots were taken of.

    Args:
        app: whose folds count.
        store: where events and snapshots are.
    """

    def __init__(self, app: App, store: Store) -> None:
        self._loader = Loader(store, app.codec)
        self._plans: dict[tuple[str, str], tuple[Plan[Any], Any]] = {}
        for part in app.parts:
            core: Core[Any] = core_of(part)
            if core.snapshot_every is not None:
                states = state_codec(part)
                # Without the states, nothing that was kept is used.
                plan = Plan(part, core, Folding(core, app.codec), None)
                self._plans[core.category, states.fingerprint] = plan, states

    async def flaw(self, snapshot: Snapshot) -> str | None:
        """What is wrong with *snapshot*, or None; one of a fold that the app does not have is passed over.

        Raises:
            UnreadableEvent: an event that it was taken of cannot be read.
        """
        key = snapshot.key
        if snapshot.digest != digest_of(key, snapshot.state):
            return "it is damaged: its digest does not fit; it is not used"
        known = self._plans.get((category_of(key.stream), key.fingerprint))
        if known is None:
            return None
        plan, states = known
        loaded = await self._loader.load(plan, id_of(key.stream), key.version)
        if loaded.version < key.version:
            return f"its stream ends at version {loaded.version}; it is not used"
        again = states.dump(loaded.state)
        return None if again == snapshot.state else f"folding again differs in {_differing(snapshot.state, again)}"


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
    return ", ".join(f"{name!r}: {before.get(name)!r:.60} is {new.get(name)!r:.60}" for name in names)

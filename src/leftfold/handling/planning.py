"""How the states of one aggregate class or decider come about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeAlias, TypeVar, cast

from msgspec import Struct

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.core import Core
from leftfold.domain.decider import Decider
from leftfold.domain.folding import Folding
from leftfold.domain.lifecycle import load
from leftfold.domain.state import StateCodec
from leftfold.store.events import Fact

__all__ = ["Plan", "Subject"]

S = TypeVar("S")

Subject: TypeAlias = type[Aggregate[Any]] | Decider[Any, Any, Any]
"""What has states: an aggregate class or a decider."""


class Plan(Struct, Generic[S], frozen=True):
    """How the states of one aggregate class or decider are folded and kept.

    Args:
        subject: the class or decider itself.
        states: how they are written; None when nothing is kept of them.
    """

    subject: Subject
    core: Core[S]
    folding: Folding[S]
    states: StateCodec[S] | None

    def fold(self, state: S, facts: Iterable[Fact], stream: str) -> S:
        """The state after *facts*; an aggregate is changed in place, and so is its version."""
        if isinstance(state, Aggregate):
            load(cast("Folding[Any]", self.folding), cast("Aggregate[Any]", state), facts, stream)
            return cast("S", state)
        return self.folding.fold(state, facts, stream=stream)[0]

    def is_due(self, version: int, snapshot: int) -> bool:
        """Whether so many events came between *snapshot* and *version* that the next snapshot is due."""
        every = self.core.snapshot_every
        return every is not None and version - snapshot >= every

    def resumed(self, state: S, version: int) -> S:
        """*state*, which was kept at *version*."""
        held: object = state
        if isinstance(held, Aggregate):
            held.version = version
        return state

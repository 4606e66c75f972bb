"""The one thing that aggregates and deciders both are below their surface: a left fold with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from leftfold.messages.event import event_flaw
from leftfold.messages.given import is_count
from leftfold.messages.message import name_flaw

__all__ = ["Apply", "Core", "category_flaw", "snapshot_flaws", "vocabulary_flaws"]

_S = TypeVar("_S")

Apply: TypeAlias = Callable[[_S, object], object]
"""Changes a state in place by one event; what it returns is not looked at."""


class Core(Struct, Generic[_S], frozen=True):
    """What a repository and the test kit need to know of an aggregate or a decider.

    Args:
        category: first part of the names of its streams, before the hyphen.
        vocabulary: the event classes it is folded from.
        initial: makes the state before the first event, from an id.
        evolve: the state after one more event; an aggregate is changed in place and is its own next state.
        applies: for an aggregate, what changes it by event class; None for a decider, whose states are values.
        snapshot_every: a snapshot is taken when so many events came since the last one; None means never.
        state_version: counted by its author, who raises it when the fold changes and the state's schema does not.
    """

    category: str
    vocabulary: tuple[type, ...]
    initial: Callable[[str], _S]
    evolve: Callable[[_S, object], _S]
    applies: Mapping[type, Apply[_S]] | None = None
    snapshot_every: int | None = None
    state_version: int = 1


def category_flaw(category: object) -> str | None:
    """Why *category* cannot begin the name of a stream, or None when it can."""
    if isinstance(category, str) and "-" in category:
        return "has a hyphen, which ends a category in a stream's name; use an underscore"
    return name_flaw(category)


def vocabulary_flaws(vocabulary: tuple[type, ...]) -> list[str]:
    """Why classes of a vocabulary are no events, one sentence each."""
    return [flaw for cls in vocabulary if (flaw := event_flaw(cls))]


def snapshot_flaws(snapshot_every: int | None, state_version: int) -> list[str]:
    """What is wrong with how snapshots are asked for, one sentence each."""
    flaws: list[str] = []
    if snapshot_every is not None and not is_count(snapshot_every):
        flaws.append(f"snapshot_every={snapshot_every!r:.80}: give a number of events, 1 or more, or leave it out")
    if not is_count(state_version):
        flaws.append(f"state_version={state_version!r:.80}: versions are counted from 1")
    return flaws

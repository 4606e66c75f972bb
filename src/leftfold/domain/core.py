"""The one thing that aggregates and deciders both are below their surface: a left fold with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from leftfold.messages.event import event_flaw
from leftfold.messages.message import name_flaw

__all__ = ["Apply", "Core", "category_flaw", "vocabulary_flaws"]

_S = TypeVar("_S")

Apply: TypeAlias = Callable[[_S, object], object]
"""Changes a state in place by one event; what it returns is not looked at."""


@dataclass(frozen=True, slots=True)
class Core(Generic[_S]):
    """What a repository and the test kit need to know of an aggregate or a decider.

    Args:
        category: first part of the names of its streams, before the hyphen.
        vocabulary: the event classes it is folded from.
        initial: makes the state before the first event, from an id.
        evolve: the state after one more event; an aggregate is changed in place and is its own next state.
        applies: for an aggregate, what changes it by event class; None for a decider, whose states are values.
    """

    category: str
    vocabulary: tuple[type, ...]
    initial: Callable[[str], _S]
    evolve: Callable[[_S, object], _S]
    applies: Mapping[type, Apply[_S]] | None = None


def category_flaw(category: str) -> str | None:
    """Why *category* cannot begin the name of a stream, or None when it can."""
    if "-" in category:
        return "has a hyphen, which ends a category in a stream's name; use an underscore"
    return name_flaw(category)


def vocabulary_flaws(vocabulary: tuple[type, ...]) -> list[str]:
    """Why classes of a vocabulary are no events, one sentence each."""
    return [flaw for cls in vocabulary if (flaw := event_flaw(cls))]

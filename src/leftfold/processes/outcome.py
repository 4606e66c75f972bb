"""What became of a step, as far as anybody can know."""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

__all__ = ["Done", "InDoubt", "Outcome"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Done(Struct, Generic[R_co], frozen=True):
    """The step was done.

    Args:
        value: what it returned.
    """

    value: R_co


class InDoubt(Struct, frozen=True):
    """The step may have been done: it was begun, and nobody heard how it ended.

    Args:
        reason: what was heard last: a timeout, a lost connection, a crash.
    """

    reason: str


Outcome: TypeAlias = Done[R] | InDoubt
"""What an undo is told about the step that it undoes; a step that was refused is not undone."""

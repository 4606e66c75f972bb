"""What whoever measures sagas is told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from leftfold.messages.metadata import Metadata
from leftfold.store.work import WorkItem

__all__ = ["Measuring", "Trial"]


class Trial(Struct, frozen=True, kw_only=True):
    """One call of a step, or of its undo.

    Args:
        saga: name of the context and the saga: `shop.PlaceOrder`.
        step: its name.
        declared: whether the saga's class declares the step; the names that a function gives may be without number.
        undo: whether it is its undo that is called.
        attempt: counted from 1.
        refused: errors that say for certain that nothing was done.
        metadata: of what it records and sends.
    """

    saga: str
    step: str
    declared: bool
    undo: bool
    attempt: int
    refused: tuple[type[Exception], ...]
    metadata: Metadata


class Measuring(Protocol):
    """Measures sagas."""

    def trial(self, trial: Trial) -> AbstractContextManager[object]:
        """What is entered around the call, and sees what it raises."""
        ...

    def ended(self, saga: str, item: WorkItem) -> None:
        """An instance of *saga* has ended, as its status says; one that a person set going again ends once more."""
        ...

"""What whoever measures sagas and processes is told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

from msgspec import Struct

from leftfold.messages.metadata import Metadata
from leftfold.store.work import WorkItem

__all__ = ["Measuring", "Mishap", "Trial"]


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


class Mishap(Struct, frozen=True, kw_only=True):
    """Something of a process, or of a reaction that sends commands, went wrong.

    Args:
        sender: name of the context and the process or reaction: `shop.fulfilment`.
        kind: what it is: an event for an instance, a command on its way, or a timer.
        status: `retrying`, or `refused` and `dead`, which wait for a person.
    """

    sender: str
    kind: Literal["event", "command", "timer"]
    status: str


class Measuring(Protocol):
    """Measures sagas and processes."""

    def trial(self, trial: Trial) -> AbstractContextManager[object]:
        """What is entered around the call, and sees what it raises."""
        ...

    def ended(self, saga: str, item: WorkItem) -> None:
        """An instance of *saga* has ended, as its status says; one that a person set going again ends once more."""
        ...

    def went_wrong(self, mishap: Mishap) -> None:
        """It was noted; where a batch of events is decided again, it is told again."""
        ...

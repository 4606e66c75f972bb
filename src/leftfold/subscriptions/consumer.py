"""What follows a log: something that turns events into rows, or acts on them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Protocol

from msgspec import Struct

from leftfold.messages.recorded import RecordedEvent
from leftfold.store.transaction import Write

__all__ = ["Consumer", "Failure", "Outcome"]


class Failure(Struct, frozen=True):
    """An event that is not done for one subject.

    Args:
        subject: the key of the row, or of whatever is kept in order.
        error: what was raised; None when it waits behind an earlier event of its subject.
    """

    subject: str
    event: RecordedEvent[object]
    error: Exception | None


class Outcome(Struct, frozen=True):
    """What came of a batch.

    Args:
        writes: what is to be written in the transaction that moves the checkpoint.
        failures: events that are not done, in order.
    """

    writes: Sequence[Write]
    failures: Sequence[Failure]


class Consumer(Protocol):
    """Handles events in order, a batch at a time; see `Runner`."""

    @property
    def events(self) -> frozenset[type]:
        """The classes it handles; it is handed no others."""
        ...

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """Whose order *event* belongs to; none when it does nothing."""
        ...

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """Handle *events*; what belongs to a parked subject, or to one that fails on the way, is a failure.

        Args:
            only: handle them for this subject alone.
        """
        ...

    def forget(self) -> None:
        """Let go of what was not stored, and of what another may have changed."""
        ...

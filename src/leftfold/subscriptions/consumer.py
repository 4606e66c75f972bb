"""What follows a log: something that turns events into rows, or acts on them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from leftfold.messages.recorded import RecordedEvent
from leftfold.store.transaction import Write
from leftfold.subscriptions.blaming import ends_task, running_task

__all__ = ["Consumer", "Failure", "Outcome", "Unkeyed", "keyed"]


class Unkeyed(Exception):
    """An event of a batch has no usable key, and nothing of the batch was handled; `Consumer.subjects` says which.

    `Admitting` takes care of it; nobody else sees it.

    Args:
        error: what finding or using the key raised.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Failure(Struct, frozen=True):
    """An event that is not done for one subject.

    Args:
        subject: the key of the row, or of whatever is kept in order.
        error: what was raised; None when it waits behind an earlier event of its subject.
    """

    subject: str
    event: RecordedEvent[object]
    error: BaseException | None


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
        """Whose order *event* belongs to; none when it does nothing.

        Raises:
            Exception: whatever the function that finds it raised; `InvalidInput` when no store can keep it.
        """
        ...

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """Handle *events*; what belongs to a parked subject, or to one that fails on the way, is a failure.

        Args:
            events: in the order of the log; with *only*, none when nothing waits for it any more.
            only: handle them for this subject alone.

        Raises:
            Unkeyed: the subjects of an event cannot be had.
        """
        ...

    def forget(self) -> None:
        """Let go of what was not stored, and of what another may have changed."""
        ...


def keyed(
    events: Sequence[RecordedEvent[object]],
    keys: Callable[[RecordedEvent[object]], Iterable[str]],
    only: str | None,
) -> list[tuple[str, RecordedEvent[object]]]:
    """Each of *events* with each of its keys, in order.

    Args:
        only: the one key that counts; None for all.

    Raises:
        Unkeyed: *keys* raised.
    """
    task = running_task()
    try:
        return [(key, event) for event in events for key in keys(event) if only is None or key == only]
    except BaseException as error:
        if ends_task(error, task):
            raise
        raise Unkeyed(error) from error

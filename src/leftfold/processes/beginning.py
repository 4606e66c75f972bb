"""Turns events into work that begins: commands on their way, and sagas; in the commit that moves the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TypeAlias

from leftfold.messages.recorded import RecordedEvent
from leftfold.store.work import Begin
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Failure, Outcome
from leftfold.subscriptions.policy import Failing

__all__ = ["Beginning", "Begun"]

Begun: TypeAlias = Callable[[RecordedEvent[object], int], Sequence[Begin]]
"""The work that an event begins; the number is 0, or how much the earlier parts of an event that is split began."""


class Beginning:
    """The consumer of a pure function of events.

    Args:
        events: classes that it takes.
        begun: gives the work of an event, which is the same however often it is asked.
        failing: what happens to what follows in a stream when the function raises.
    """

    def __init__(self, events: frozenset[type], begun: Begun, failing: Failing) -> None:
        self.events = events
        self._begun = begun
        self._failing = failing

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the stream."""
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        writes: list[Begin] = []
        failures: list[Failure] = []
        failed: set[str] = set()
        numbers: dict[int, int] = {}
        task = running_task()
        for event in (event for event in events if only is None or event.stream == only):
            if event.stream in parked or event.stream in failed:
                failures.append(Failure(event.stream, event, None))
                continue
            try:
                begun = self._begun(event, numbers.get(event.position, 0))
            except BaseException as error:  # whatever a user's function raises concerns its stream alone
                if ends_task(error, task):
                    raise
                failures.append(Failure(event.stream, event, error))
                if self._failing is Failing.PARK:
                    failed.add(event.stream)
            else:
                numbers[event.position] = numbers.get(event.position, 0) + len(begun)
                writes += begun
        return Outcome(writes, failures)

    def forget(self) -> None:
        """See `Consumer.forget`: it keeps nothing."""

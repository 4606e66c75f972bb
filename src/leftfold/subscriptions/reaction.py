"""Reactions: side effects of events, at least once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import TypeAlias

from msgspec import Struct

from leftfold.messages.recorded import RecordedEvent
from leftfold.store.transaction import Write
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Failure, Outcome
from leftfold.subscriptions.policy import Failing

__all__ = ["Attempt", "InTurn", "Reacting"]

_Take: TypeAlias = Callable[[RecordedEvent[object], int], Awaitable[Sequence[Write]]]


class Attempt(Struct, frozen=True):
    """One try to react to an event, or to do or undo a step of a saga.

    Args:
        key: the same at every try of the same thing: hand it to whatever can tell a repeated call.
        number: which try it is, from 1, as far as that is counted; a reaction does not.
        undoes: the key of the step that is undone; None unless something is.
    """

    key: str
    number: int = 1
    undoes: str | None = None


class InTurn:
    """A consumer of one event after another; one that fails concerns its stream alone.

    Args:
        events: classes that it takes.
        take: handles one, and gives what is to be written; the number is 0, or how much that was of the earlier parts
            of an event that is split.
        failing: what happens to what follows in a stream when an event fails.
    """

    def __init__(self, events: frozenset[type], take: _Take, failing: Failing) -> None:
        self.events = events
        self._take = take
        self._failing = failing

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the stream."""
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        writes: list[Write] = []
        failures: list[Failure] = []
        failed: set[str] = set()
        written: Counter[int] = Counter()
        task = running_task()
        for event in (event for event in events if only is None or event.stream == only):
            if event.stream in parked or event.stream in failed:
                failures.append(Failure(event.stream, event, None))
                continue
            try:
                came = await self._take(event, written[event.position])
            except BaseException as error:  # whatever a user's function raises concerns its stream alone
                if ends_task(error, task):
                    raise
                failures.append(Failure(event.stream, event, error))
                if self._failing is Failing.PARK:
                    failed.add(event.stream)
            else:
                written[event.position] += len(came)
                writes += came
        return Outcome(writes, failures)

    def forget(self) -> None:
        """See `Consumer.forget`: it keeps nothing."""


class Reacting(InTurn):
    """The consumer of one reaction: the events of a stream one after another, each until it has succeeded.

    Args:
        name: of the reaction, behind that of its context.
        react: does it.
    """

    def __init__(
        self,
        name: str,
        events: frozenset[type],
        react: Callable[[RecordedEvent[object], Attempt], Awaitable[None]],
        failing: Failing = Failing.PARK,
    ) -> None:
        async def take(event: RecordedEvent[object], _number: int) -> Sequence[Write]:
            whole = f"{name}:{event.id}"
            await react(event, Attempt(f"{whole}.{event.part}" if event.part else whole))
            return ()

        super().__init__(events, take, failing)

"""Reactions: side effects of events, at least once each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Sequence

from msgspec import Struct

from leftfold.messages.recorded import RecordedEvent
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Failure, Outcome
from leftfold.subscriptions.policy import Failing

__all__ = ["Attempt", "Reacting"]


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


class Reacting:
    """The consumer of one reaction: the events of a stream one after another, each until it has succeeded.

    Args:
        name: of the reaction, behind that of its context.
        events: classes that it reacts to.
        react: does it.
        failing: what happens to what follows in a stream when an event fails.
    """

    def __init__(
        self,
        name: str,
        events: frozenset[type],
        react: Callable[[RecordedEvent[object], Attempt], Awaitable[None]],
        failing: Failing = Failing.PARK,
    ) -> None:
        self.events = events
        self._name = name
        self._react = react
        self._failing = failing

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the stream."""
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        failures: list[Failure] = []
        failed: set[str] = set()
        task = running_task()
        for event in events:
            if only is not None and event.stream != only:
                continue
            if event.stream in parked or event.stream in failed:
                failures.append(Failure(event.stream, event, None))
                continue
            try:
                await self._react(event, Attempt(self._key(event)))
            except BaseException as error:  # whatever a reaction raises concerns its stream alone
                if ends_task(error, task):
                    raise
                failures.append(Failure(event.stream, event, error))
                if self._failing is Failing.PARK:
                    failed.add(event.stream)
        return Outcome((), failures)

    def forget(self) -> None:
        """See `Consumer.forget`: it keeps nothing."""

    def _key(self, event: RecordedEvent[object]) -> str:
        whole = f"{self._name}:{event.id}"
        return f"{whole}.{event.part}" if event.part else whole

"""What cannot be read, and what has no usable key: it parks the stream it is in, as an event that fails does."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import Final

from msgspec import Struct

from leftfold.errors import LeftfoldError, UnreadableMessage
from leftfold.messages.consumer_view import is_foreign
from leftfold.messages.recorded import RecordedEvent
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Consumer, Failure, Outcome, Unkeyed
from leftfold.subscriptions.parking import Letter
from leftfold.subscriptions.policy import Failing, Policy

__all__ = ["STREAM", "Admitting", "Unread", "about_stream", "admitting"]

STREAM: Final = "stream "
"""Subjects that are streams begin with it, where others are keys."""


_NOTHING: Final = Outcome((), ())


class Unread(Struct, frozen=True):
    """Stands where a published event would, when it cannot be read or could not be published.

    Args:
        error: why; raised again at every try.
    """

    error: LeftfoldError


class Admitting:
    """Hands a consumer what can be read and has a key; what has not is a failure, and its stream waits behind it.

    Whose order such an event belongs to cannot be told, so everything of its stream waits. A stream is tried again as a
    whole: what is ready goes on, and what waits behind a key that is parked lets the stream wait.

    Args:
        consumer: what handles events.
        keyed: whether it orders events by keys; by streams otherwise.
        parks: whether later events wait; they go on otherwise.
    """

    def __init__(self, consumer: Consumer, *, keyed: bool, parks: bool) -> None:
        self.events: frozenset[type] = consumer.events | {Unread}
        self.forget: Callable[[], None] = consumer.forget
        self._consumer = consumer
        self._prefix = STREAM if keyed else ""
        self._parks = parks

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`; of what cannot be read or has no usable key, its stream."""
        found = self._subjects(event)
        return found if isinstance(found, tuple) else (self._stream(event),)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        if only is not None:
            return await self._again(events, parked, only)
        plain = not parked and not any(map(_unread, events))  # as it nearly always is
        ready, failures = (events, list[Failure]()) if plain else self._admitted(events, parked, _unread)
        try:
            outcome = await self._consumer.consume(ready, parked) if ready else _NOTHING
        except Unkeyed:
            ready, failures = self._admitted(events, parked, self._flaw)
            outcome = await self._consumer.consume(ready, parked)
        both = sorted((*failures, *outcome.failures), key=lambda one: one.event.position)
        return Outcome(outcome.writes, both)

    def _admitted(
        self,
        events: Sequence[RecordedEvent[object]],
        parked: Container[str],
        flaw: Callable[[RecordedEvent[object]], BaseException | None],
    ) -> tuple[list[RecordedEvent[object]], list[Failure]]:
        ready: list[RecordedEvent[object]] = []
        failures: list[Failure] = []
        failed: set[str] = set()
        for event in events:
            stream = self._stream(event)
            if stream in parked or stream in failed:
                failures.append(Failure(stream, event, None))
            elif (error := flaw(event)) is not None:
                failures.append(Failure(stream, event, error))
                if self._parks:
                    failed.add(stream)
            else:
                ready.append(event)
        return ready, failures

    async def _again(self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str) -> Outcome:
        mine = [event for event in events if self._stream(event) == only]
        flaws = [Failure(only, event, error) for event in mine if (error := self._flaw(event)) is not None]
        if flaws:
            return Outcome((), flaws)
        if not mine or not self._prefix:
            ready = [event for event in events if self._flaw(event) is None]
            return await self._consumer.consume(ready, parked, only)
        outcome = await self._consumer.consume(mine, parked)
        if not outcome.failures:
            return outcome
        self._consumer.forget()  # it has folded what is not written now
        return Outcome((), [Failure(only, one.event, one.error or _behind(one)) for one in outcome.failures])

    def _flaw(self, event: RecordedEvent[object]) -> BaseException | None:
        """Why *event* cannot be handed on; None when it can."""
        found = self._subjects(event)
        return None if isinstance(found, tuple) else found

    def _subjects(self, event: RecordedEvent[object]) -> tuple[str, ...] | BaseException:
        if isinstance(event.event, Unread):
            return event.event.error
        task = running_task()
        try:
            return self._consumer.subjects(event)
        except BaseException as error:  # whatever a user's function raises concerns its stream alone
            if ends_task(error, task):
                raise
            return error

    def _stream(self, event: RecordedEvent[object]) -> str:
        return f"{self._prefix}{event.stream}"


def admitting(
    make: Callable[[], Consumer], events: Iterable[type], policy: Policy, *, keyed: bool
) -> Callable[[], Consumer]:
    """What makes a consumer of *events*; it admits what can be read of another context's, and what has a key.

    Args:
        make: makes the consumer itself.
        policy: what becomes of an event that cannot be handled.
        keyed: see `Admitting`.
    """
    if not keyed and not any(map(is_foreign, events)):
        return make
    return lambda: Admitting(make(), keyed=keyed, parks=policy.failing is Failing.PARK)


def about_stream(letter: Letter) -> bool:
    """Whether a letter of what is ordered by keys is about its whole stream, and so about any key."""
    return letter.subject == f"{STREAM}{letter.stream}"


def _unread(event: RecordedEvent[object]) -> LeftfoldError | None:
    return event.event.error if isinstance(event.event, Unread) else None


def _behind(failure: Failure) -> UnreadableMessage:
    return UnreadableMessage(
        failure.event.type, f"it waits for {failure.subject!r:.200}, which is parked. Deal with that first"
    )

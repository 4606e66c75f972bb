"""What is measured, inside what measures it: kept answers, event stores, followers and consumers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Generator, Hashable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from leftfold.errors import ConditionFailed, Conflict
from leftfold.store.event_store import EventStore
from leftfold.subscriptions import consumer as consuming
from leftfold.subscriptions.worker import Assignment, Follower

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from leftfold.handling.asking import Keeping
    from leftfold.messages.codec import Codec
    from leftfold.messages.recorded import RecordedEvent
    from leftfold.store.events import AppendCondition, Appended, ToStream
    from leftfold.store.port import Store
    from leftfold.store.transaction import Inline, Write
    from leftfold.subscriptions.consumer import Consumer

__all__ = ["CountedReads", "TracedConsumer", "TracedEvents", "TracedFollower", "judged", "stored"]

_NAMED_STREAMS: Final = 8


def stored(span: Span, position: int, events: int) -> None:
    """Say on *span* how many events it was about, and the position of the last."""
    span.set_attribute("leftfold.position", position)
    span.set_attribute("leftfold.events", events)


@contextmanager
def judged(span: Span, refused: tuple[type[BaseException], ...], told: Callable[[str], None]) -> Generator[None]:
    """Say on *span*, and to *told*, how what runs inside ended: `done`, `refused` or `failed`.

    Args:
        refused: errors that are no errors of the program.
    """
    ended = "failed"
    try:
        yield
        ended = "done"
    except refused:
        ended = "refused"
        raise
    except BaseException as error:
        span.set_status(StatusCode.ERROR, repr(error))
        raise
    finally:
        span.set_attribute("leftfold.outcome", ended)
        told(ended)


class CountedReads:
    """See `Keeping`: each read is counted as a hit or a miss."""

    def __init__(self, keeping: Keeping, count: Callable[[int, dict[str, str]], None]) -> None:
        self._keeping = keeping
        self._count = count

    def kept(self, key: Hashable) -> bytes | None:
        """See `Keeping.kept`."""
        if (kept := self._keeping.kept(key)) is not None:
            self._count(1, {"read": "hit"})
        return kept

    async def answer(
        self, key: Hashable, ttl_s: float, load: Callable[[], Awaitable[bytes]], *, fresh: bool = False
    ) -> bytes:
        """See `Keeping.answer`."""
        read = "hit"

        async def counted() -> bytes:
            nonlocal read
            read = "miss"
            return await load()

        try:
            return await self._keeping.answer(key, ttl_s, counted, fresh=fresh)
        finally:
            self._count(1, {"read": read})


class TracedFollower:
    """See `Follower`: each of its assignments is measured.

    Args:
        assigned: makes of an assignment one that is measured.
    """

    def __init__(self, follower: Follower, assigned: Callable[[Assignment], Assignment]) -> None:
        self._follower = follower
        self._assigned = assigned

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`."""
        return [self._assigned(one) for one in await self._follower.assignments()]


class TracedEvents(EventStore):
    """An event store with a span around each write of events."""

    def __init__(
        self,
        store: Store,
        codec: Codec,
        inline: Callable[[Sequence[ToStream]], Sequence[Inline]] | None,
        tracer: Tracer,
    ) -> None:
        super().__init__(store, codec, inline)
        self._tracer = tracer

    async def append_together(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `EventStore.append_together`."""
        if not parts:
            return await super().append_together(condition=condition)
        appended = await self.commit(*parts, condition=condition)
        assert appended is not None  # noqa: S101 - a transaction with events appends them
        return appended

    async def commit(
        self, *parts: ToStream, condition: AppendCondition | None = None, writes: Sequence[Write] = ()
    ) -> Appended | None:
        """See `EventStore.commit`."""
        if not parts:
            return await super().commit(condition=condition, writes=writes)
        with self._tracer.start_as_current_span(
            "append", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute("leftfold.streams", [part.stream for part in parts[:_NAMED_STREAMS]])
            try:
                appended = await super().commit(*parts, condition=condition, writes=writes)
            except (Conflict, ConditionFailed) as refusal:
                span.set_attribute("leftfold.refused", type(refusal).__name__)
                raise
            except BaseException as error:
                span.record_exception(error)
                span.set_status(StatusCode.ERROR, repr(error))
                raise
            assert appended is not None  # noqa: S101 - as above
            stored(span, appended.position, sum(len(part.events) for part in parts))
        return appended


class TracedConsumer:
    """A consumer that says on the span around it what it could not handle.

    Args:
        retried: a span around the retry of events.
        failed: told how many events could not be handled.
    """

    def __init__(
        self,
        consumer: Consumer,
        retried: Callable[[Sequence[RecordedEvent[object]]], AbstractContextManager[None]],
        failed: Callable[[int], None],
    ) -> None:
        self._consumer = consumer
        self._retried = retried
        self._failed = failed

    @property
    def events(self) -> frozenset[type]:
        """See `Consumer.events`."""
        return self._consumer.events

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`."""
        return self._consumer.subjects(event)

    def forget(self) -> None:
        """See `Consumer.forget`."""
        self._consumer.forget()

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> consuming.Outcome:
        """See `Consumer.consume`."""
        with nullcontext() if only is None or not events else self._retried(events):
            outcome = await self._consumer.consume(events, parked, only)
            if outcome.failures and events:
                text = f"{len(outcome.failures)} events could not be handled"
                trace.get_current_span().set_status(StatusCode.ERROR, text)
                self._failed(len(outcome.failures))
        return outcome

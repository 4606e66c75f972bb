"""Traces and metrics by OpenTelemetry; needs the extra `otel`, and is imported by nothing else of Leftfold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Hashable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, StatusCode

from leftfold.domain.errors import DomainError
from leftfold.handling.correlation import OUTCOME, Outcome
from leftfold.handling.receipt import Receipt
from leftfold.subscriptions import consumer as consuming
from leftfold.subscriptions.worker import Assignment, Follower

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from leftfold.handling.asking import Keeping
    from leftfold.handling.middleware import Call, Proceed
    from leftfold.messages.recorded import RecordedEvent
    from leftfold.subscriptions.consumer import Consumer
    from leftfold.subscriptions.subscription import Part

__all__ = ["Telemetry"]

_NAME: Final = "leftfold"


class Telemetry:
    """Give it to an app: `App(..., telemetry=Telemetry())`.

    Spans: `command NAME` and `query NAME` around everything that middleware and handler do, with the position and the
    number of events stored; `follow SUBSCRIPTION` around each batch that a projection or reaction handles. Metrics, all
    called `leftfold....`: `call.duration`, `conflicts`, `cache.reads`, `follower.batch`, `follower.lag`.

    Providers are the ones that the program has set for OpenTelemetry when left out, as for any instrumentation; without
    an SDK, nothing is measured.

    Args:
        tracers: where spans go.
        meters: where metrics go.
    """

    def __init__(self, *, tracers: TracerProvider | None = None, meters: MeterProvider | None = None) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracers)
        meter = metrics.get_meter(_NAME, meter_provider=meters)
        self._durations = meter.create_histogram("leftfold.call.duration", "s", "How long commands and queries took")
        self._conflicts = meter.create_counter("leftfold.conflicts", "{conflict}", "Commands decided again")
        self._reads = meter.create_counter("leftfold.cache.reads", "{read}", "Cached queries, by hit and miss")
        self._batches = meter.create_histogram("leftfold.follower.batch", "{event}", "Events handled at once")
        self._lag = meter.create_gauge("leftfold.follower.lag", "{event}", "Positions behind the log after a batch")

    async def call(self, call: Call, proceed: Proceed) -> object:
        """A middleware: a span around a command or query; the domain's refusal is no error of the program."""
        kind = call.kind.value
        given = {
            "leftfold.correlation_id": call.metadata.correlation_id,
            "leftfold.command_id": call.metadata.command_id,
        }
        attributes = {name: value for name, value in given.items() if value is not None}
        outcome, began, ended = Outcome(), perf_counter(), "failed"
        token = OUTCOME.set(outcome)
        with self._tracer.start_as_current_span(
            f"{kind} {call.name}", kind=SpanKind.INTERNAL, attributes=attributes, set_status_on_exception=False
        ) as span:
            try:
                answer = await proceed(call)
                ended = "done"
            except DomainError:
                ended = "refused"
                raise
            except BaseException as error:
                span.set_status(StatusCode.ERROR, repr(error))
                raise
            finally:
                OUTCOME.reset(token)
                span.set_attribute("leftfold.outcome", ended)
                labels = {"kind": kind, "name": call.name}
                self._durations.record(perf_counter() - began, {**labels, "outcome": ended})
                if outcome.conflicts:
                    span.set_attribute("leftfold.conflicts", outcome.conflicts)
                    self._conflicts.add(outcome.conflicts, labels)
            _answered(span, answer, outcome.events)
        return answer

    def keeping(self, keeping: Keeping) -> Keeping:
        """*keeping*, counted: a hit is a read that was spared a load of its own."""
        return _CountedReads(keeping, self._reads.add)

    def follower(self, follower: Follower) -> Follower:
        """*follower*, with a span around each batch, and its lag after each."""
        return _Followed(follower, self._assigned)

    def _assigned(self, assignment: Assignment) -> Assignment:
        part, labels = assignment.part, _labels(assignment.part)

        async def progress(position: int, done: bool) -> bool:  # noqa: FBT001 - a callback
            goes_on = await assignment.progress(position, done)
            head = position if done else await part.subscription.source.store.head()
            self._lag.set(max(head - position, 0), labels)
            return goes_on

        def made() -> Consumer:
            return _Traced(assignment.consumer(), self._batch, labels)

        return Assignment(part, made, progress)

    async def _batch(
        self,
        events: Sequence[RecordedEvent[object]],
        labels: dict[str, str],
        work: Callable[[], Awaitable[consuming.Outcome]],
    ) -> consuming.Outcome:
        if not events:
            return await work()
        with self._tracer.start_as_current_span(f"follow {labels['subscription']}", attributes=labels) as span:
            _stored(span, events[-1].position, len(events))
            self._batches.record(len(events), labels)
            outcome = await work()
            if outcome.failures:
                span.set_status(StatusCode.ERROR, f"{len(outcome.failures)} events could not be handled")
            return outcome


def _labels(part: Part) -> dict[str, str]:
    return {"subscription": part.subscription.name, "part": str(part.number)}


def _answered(span: Span, answer: object, events: int) -> None:
    if isinstance(answer, Receipt):
        _stored(span, answer.position, events)


def _stored(span: Span, position: int, events: int) -> None:
    span.set_attribute("leftfold.position", position)
    span.set_attribute("leftfold.events", events)


class _CountedReads:
    def __init__(self, keeping: Keeping, count: Callable[[int, dict[str, str]], None]) -> None:
        self._keeping = keeping
        self._count = count

    def kept(self, key: Hashable) -> bytes | None:
        if (kept := self._keeping.kept(key)) is not None:
            self._count(1, {"read": "hit"})
        return kept

    async def answer(
        self, key: Hashable, ttl_s: float, load: Callable[[], Awaitable[bytes]], *, fresh: bool = False
    ) -> bytes:
        read = "hit"

        async def counted() -> bytes:
            nonlocal read
            read = "miss"
            return await load()

        try:
            return await self._keeping.answer(key, ttl_s, counted, fresh=fresh)
        finally:
            self._count(1, {"read": read})


class _Followed:
    def __init__(self, follower: Follower, assigned: Callable[[Assignment], Assignment]) -> None:
        self._follower = follower
        self._assigned = assigned

    async def assignments(self) -> Sequence[Assignment]:
        return [self._assigned(one) for one in await self._follower.assignments()]


class _Traced:
    def __init__(
        self,
        consumer: Consumer,
        batch: Callable[
            [Sequence[RecordedEvent[object]], dict[str, str], Callable[[], Awaitable[consuming.Outcome]]],
            Awaitable[consuming.Outcome],
        ],
        labels: dict[str, str],
    ) -> None:
        self._consumer = consumer
        self._batch = batch
        self._labels = labels
        self.subjects = consumer.subjects
        self.forget = consumer.forget

    @property
    def events(self) -> frozenset[type]:
        return self._consumer.events

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> consuming.Outcome:
        return await self._batch(events, self._labels, lambda: self._consumer.consume(events, parked, only))

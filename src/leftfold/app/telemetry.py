"""Traces and metrics by OpenTelemetry; needs the extra `otel`, and is imported by nothing else of Leftfold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from leftfold.app.telemetry_of_work import WorkTelemetry
from leftfold.app.traced import CountedReads, TracedConsumer, TracedEvents, TracedFollower, judged, stored
from leftfold.handling.correlation import OUTCOME, Outcome
from leftfold.handling.receipt import Receipt
from leftfold.handling.refusals import REFUSALS
from leftfold.subscriptions.worker import Assignment, Follower

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from leftfold.handling.asking import Keeping
    from leftfold.handling.middleware import Call, Proceed
    from leftfold.messages.codec import Codec
    from leftfold.messages.recorded import RecordedEvent
    from leftfold.store.event_store import EventStore
    from leftfold.store.events import ToStream
    from leftfold.store.port import Store
    from leftfold.store.transaction import Inline
    from leftfold.subscriptions.consumer import Consumer
    from leftfold.subscriptions.subscription import Part

__all__ = ["Telemetry"]

_NAME: Final = "leftfold"


class Telemetry:
    """Give it to an app: `App(..., telemetry=Telemetry())`.

    Spans: `command NAME` and `query NAME` around everything that middleware and handler do, with the position and the
    number of events stored; `append` around each write of events, until it is durable; `follow SUBSCRIPTION` around
    each batch that a projection or reaction handles, until its rows and its checkpoint are written, a trace of its own;
    `retry SUBSCRIPTION` around each further try of an event that failed; `carry QUEUE` around what is carried on at a
    time, a trace of its own, and within it `step SAGA/STEP` and `undo SAGA/STEP` around each call.

    Metrics, all called `leftfold....`: `call.duration`, `conflicts`, `cache.reads`; `follower.batch`, `follower.lag`
    and `follower.failures`, events that could not be handled; `work.duration`, `step.duration`, and `saga.duration`,
    from its beginning to its end, by status: what is `stuck` waits for a person; `process.failures`, what failed of
    processes and of reactions that send commands, by kind and status: what is `dead` or `refused` waits for a person.

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
        self._failures = meter.create_counter("leftfold.follower.failures", "{event}", "Events that failed")
        self._lag = meter.create_gauge("leftfold.follower.lag", "{event}", "Positions behind the log after a batch")
        self.work: WorkTelemetry = WorkTelemetry(self._tracer, meter)
        """Of what is carried on."""

    async def call(self, call: Call, proceed: Proceed) -> object:
        """A middleware: a span around a command or query; the domain's refusal is no error of the program."""
        kind = call.kind.value
        given = {
            "leftfold.correlation_id": call.metadata.correlation_id,
            "leftfold.command_id": call.metadata.command_id,
        }
        attributes = {name: value for name, value in given.items() if value is not None}
        labels = {"kind": kind, "name": call.name}
        outcome, began = Outcome(), perf_counter()
        token = OUTCOME.set(outcome)

        def told(ended: str) -> None:
            OUTCOME.reset(token)
            self._durations.record(perf_counter() - began, {**labels, "outcome": ended})
            if outcome.conflicts:
                span.set_attribute("leftfold.conflicts", outcome.conflicts)
                self._conflicts.add(outcome.conflicts, labels)

        with self._tracer.start_as_current_span(
            f"{kind} {call.name}", kind=SpanKind.INTERNAL, attributes=attributes, set_status_on_exception=False
        ) as span:
            with judged(span, REFUSALS, told):
                answer = await proceed(call)
            _answered(span, answer, outcome.events)
        return answer

    def keeping(self, keeping: Keeping) -> Keeping:
        """*keeping*, counted: a hit is a read that was spared a load of its own."""
        return CountedReads(keeping, self._reads.add)

    def events(
        self, store: Store, codec: Codec, inline: Callable[[Sequence[ToStream]], Sequence[Inline]] | None
    ) -> EventStore:
        """An `EventStore` with a span around each write; one that is refused, as at a conflict, is no error."""
        return TracedEvents(store, codec, inline, self._tracer)

    def follower(self, follower: Follower) -> Follower:
        """*follower*, with a span around each batch, and its lag after each."""
        return TracedFollower(follower, self._assigned)

    def _assigned(self, assignment: Assignment) -> Assignment:
        part, labels = assignment.part, _labels(assignment.part)

        async def progress(position: int, done: bool) -> bool:  # noqa: FBT001 - a callback
            goes_on = assignment.progress is None or await assignment.progress(position, done)
            head = position if done else await part.subscription.source.store.head()
            self._lag.set(max(head - position, 0), labels)
            return goes_on

        def made() -> Consumer:
            failed = partial(self._failures.add, attributes=labels)
            return TracedConsumer(assignment.consumer(), partial(self._span, "retry", labels), failed)

        async def around(events: Sequence[RecordedEvent[object]], work: Callable[[], Awaitable[None]]) -> None:
            self._batches.record(len(events), labels)
            with self._span("follow", labels, events):
                await work()

        return Assignment(part, made, progress, around)

    @contextmanager
    def _span(self, what: str, labels: dict[str, str], events: Sequence[RecordedEvent[object]]) -> Generator[None]:
        # Whoever opened the app has nothing to do with what its followers do later.
        name, nowhere = f"{what} {labels['subscription']}", Context()
        with self._tracer.start_as_current_span(name, context=nowhere, attributes=labels) as span:
            stored(span, events[-1].position, len(events))
            yield


def _labels(part: Part) -> dict[str, str]:
    return {"subscription": part.subscription.name, "part": str(part.number)}


def _answered(span: Span, answer: object, events: int) -> None:
    if isinstance(answer, Receipt):
        stored(span, answer.position, events)

"""Traces and metrics of what is carried on: sagas with their steps, timers, commands on their way."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.trace import StatusCode

from leftfold.app.traced import judged
from leftfold.errors import Fenced

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Tracer

    from leftfold.processes.engine import Carrier, Moment
    from leftfold.processes.measuring import Mishap, Trial
    from leftfold.store.work import WorkItem

__all__ = ["TracedCarrier", "WorkTelemetry"]


class WorkTelemetry:
    """See `Telemetry` and `Measuring`."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._work = meter.create_histogram("leftfold.work.duration", "s", "How long work was carried on at a time")
        self._steps = meter.create_histogram("leftfold.step.duration", "s", "How long calls of steps and undos took")
        self._mishaps = meter.create_counter("leftfold.process.failures", "{failure}", "What failed of processes")
        self._sagas = meter.create_histogram("leftfold.saga.duration", "s", "How long sagas took that have ended")

    def carrier(self, carrier: Carrier) -> Carrier:
        """*carrier*, with a span around each work item that it carries on, a trace of its own."""
        return TracedCarrier(carrier, self)

    @contextmanager
    def carrying(self, item: WorkItem) -> Generator[None]:
        """Around carrying on *item*; that somebody else has it by now is no error."""
        labels = {"queue": item.queue}
        attributes = {**labels, "leftfold.work": item.id}
        name, began = f"carry {item.queue}", perf_counter()
        # Whoever opened the app, or began the saga, has nothing to do with how long it takes.
        with self._tracer.start_as_current_span(
            name, context=Context(), attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Fenced:
                span.set_attribute("leftfold.lost", value=True)
                raise
            except BaseException as error:
                span.record_exception(error)
                span.set_status(StatusCode.ERROR, repr(error))
                raise
            finally:
                self._work.record(perf_counter() - began, labels)

    @contextmanager
    def trial(self, trial: Trial) -> Generator[None]:
        """See `Measuring.trial`."""
        step = {"step": trial.step} if trial.declared else {}
        labels = {"saga": trial.saga, **step, "phase": "undo" if trial.undo else "do"}
        attributes: dict[str, str | int] = {"leftfold.attempt": trial.attempt}
        if trial.metadata.correlation_id is not None:
            attributes["leftfold.correlation_id"] = trial.metadata.correlation_id
        name, began = f"{'undo' if trial.undo else 'step'} {trial.saga}/{trial.step}", perf_counter()

        def told(ended: str) -> None:
            self._steps.record(perf_counter() - began, {**labels, "outcome": ended})

        with (
            self._tracer.start_as_current_span(name, attributes=attributes, set_status_on_exception=False) as span,
            judged(span, trial.refused, told),
        ):
            yield

    def ended(self, saga: str, item: WorkItem) -> None:
        """See `Measuring.ended`."""
        took_s = (item.changed_at - item.created_at).total_seconds()
        self._sagas.record(max(took_s, 0.0), {"saga": saga, "status": item.status})

    def went_wrong(self, mishap: Mishap) -> None:
        """See `Measuring.went_wrong`."""
        self._mishaps.add(1, {"sender": mishap.sender, "kind": mishap.kind, "status": mishap.status})


class TracedCarrier:
    """See `Carrier`: each item that it carries on is measured."""

    def __init__(self, carrier: Carrier, telemetry: WorkTelemetry) -> None:
        self.queues: Collection[str] = carrier.queues
        self._carrier = carrier
        self._telemetry = telemetry

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`."""
        with self._telemetry.carrying(item):
            await self._carrier.carry(item, moment)

"""What an OpenTelemetry SDK was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from leftfold.app.telemetry import Telemetry

__all__ = ["Seen"]


class _AtEnd(SpanProcessor):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def on_end(self, span: ReadableSpan) -> None:
        self._seen.at_end(span)


class Seen:
    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = tracers.get_tracer("tests")
        self.at_end: Callable[[ReadableSpan], object] = lambda _span: None
        tracers.add_span_processor(_AtEnd(self))
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracers=tracers, meters=meters)

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._spans.get_finished_spans() if span.name == name]

    def points(self, metric: str) -> list[tuple[Mapping[str, object], float]]:
        """By labels, the sum of a histogram and the value of anything else."""
        return [
            (dict(point.attributes or {}), point.sum if isinstance(point, HistogramDataPoint) else point.value)
            for point in self._points(metric)
        ]

    def counts(self, histogram: str) -> list[tuple[Mapping[str, object], int]]:
        """By labels, how often something was recorded."""
        return [
            (dict(point.attributes or {}), point.count)
            for point in self._points(histogram)
            if isinstance(point, HistogramDataPoint)
        ]

    def _points(self, metric: str) -> Iterator[HistogramDataPoint | NumberDataPoint]:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for one in scope.metrics:
                    if one.name == metric:
                        yield from (
                            point
                            for point in one.data.data_points
                            if isinstance(point, HistogramDataPoint | NumberDataPoint)
                        )

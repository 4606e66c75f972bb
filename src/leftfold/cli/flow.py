"""`leftfold flow`: what leads to what in an app, as it is declared and as its logs show it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from leftfold.app.composition import App
from leftfold.app.running import Running
from leftfold.cli.flow_views import FlowReport, print_findings, print_report
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.walking import walk
from leftfold.errors import UnreadableEvent
from leftfold.flow import (
    Flow,
    Observation,
    Returns,
    Seen,
    declared_flow,
    hints,
    mermaid_text,
    seen,
    suspected,
    svg_text,
)
from leftfold.messages.event import event_name
from leftfold.messages.metadata import Metadata
from leftfold.store.events import StoredEvent

__all__ = ["flow"]

_Form: TypeAlias = Literal["svg", "mermaid", "json"]


async def flow(
    *,
    to: _Form | None = None,
    observed: Annotated[bool, Parameter(show_default=False)] = False,
    hint: Annotated[bool, Parameter(show_default=False)] = False,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Draw what leads to what in an app.

    The flow is read from declarations: handlers, reactions, processes, sagas. With --observed every event stored is
    read, too: edges have the number of events that were recorded because of them, and it is told what was seen and is
    not declared, what is declared and was never seen, and events that led to themselves through reactions alone; the
    exit code is 1 then. A drawing goes to standard output, and findings to standard error.

    Args:
        to: A table is printed when left out.
        observed: Read the store's logs as well.
        hint: Tell also of events nobody handles, commands nobody sends, and circles that declarations allow.
    """
    app, form = named_app(source), "json" if source.json else to
    declared = declared_flow(app.contexts)
    report = FlowReport(flow=declared)
    if observed:
        async with opened_app(app, source) as opened:
            report = FlowReport.of(await _seen(opened, declared))
    if hint:
        report = report.with_findings(tuple(hints(declared)))
    _write(report, form, observed=observed)
    return 1 if observed and report.findings else 0


def _write(report: FlowReport, form: _Form | None, *, observed: bool) -> None:
    if form == "json":
        write_json(report)
    elif form is None:
        print_report(console(), report, observed=observed)
    else:
        sys.stdout.write(svg_text(report.flow) if form == "svg" else mermaid_text(report.flow))
        sys.stdout.flush()
        print_findings(console(errors=True), report)


async def _seen(app: App, declared: Flow) -> Seen:
    observed = Observation(declared)

    def record(running: Running, stored: StoredEvent, metadata: Metadata) -> str | None:
        return observed.record(running.name, _types(running, stored), stored.stream, metadata)

    def resolve(running: Running, stored: StoredEvent) -> None:
        observed.resolve(running.name, _types(running, stored), str(stored.id))

    await walk(app, observed, record, resolve)
    chains = observed.chains()
    returns = Returns(suspects := suspected(declared, chains))

    def retrace(running: Running, stored: StoredEvent, metadata: Metadata) -> None:
        returns.record(str(stored.id), running.name, _types(running, stored), metadata)

    if suspects:
        # What is noted of each event is enough: nothing is to be found.
        await walk(app, Observation(), retrace, resolve)
    return seen(declared, chains, returns.counts())


def _types(running: Running, stored: StoredEvent) -> Sequence[str]:
    """The names of what an event reads as today; its stored one when it cannot be read."""
    try:
        return [event_name(type(each.event)) for each in running.loader.events.recorded(stored)]
    except UnreadableEvent:
        return [stored.type]

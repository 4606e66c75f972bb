"""What an OpenTelemetry SDK is told of an app's commands, queries and followers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from leftfold import (
    Aggregate,
    App,
    Command,
    Context,
    DomainError,
    Event,
    Metadata,
    Query,
    ReadModel,
    Repository,
    applies,
)
from leftfold.errors import AlreadyExists, Conflict, NotFound
from leftfold.handling import CorrelationFilter
from leftfold.store import Expected, MemoryStore
from leftfold.store.memory_log import MemoryLog
from tests.app.seeing import Seen
from tests.flow.market import Cancel, Place, billing, market

_log = logging.getLogger("tests.telemetry")


class Paid(Event):
    till: str
    cents: int


class TillClosed(DomainError):
    till: str


class Till(Aggregate[Paid], category="till"):
    cents: int = 0

    def pay(self, cents: int) -> None:
        if cents < 0:
            raise TillClosed(till=self.id)
        self.record(Paid(till=self.id, cents=cents))

    @applies
    def _paid(self, event: Paid) -> None:
        self.cents += event.cents


class Pay(Command):
    till: str
    cents: int


class PayTwice(Command):
    till: str


@dataclass(frozen=True)
class Taken:
    till: str
    cents: int


class TakenBy(Query[Taken | None]):
    till: str


def _shop() -> Context:
    shop = Context("shop")

    @shop.decides(Till, id="till")
    def pay(command: Pay, till: Till) -> None:
        if command.cents == 0:
            raise ZeroDivisionError
        _log.warning("paying")
        till.pay(command.cents)

    @shop.command
    async def pay_twice(command: PayTwice, tills: Repository[Till]) -> None:
        till = await tills.get(command.till)
        await asyncio.sleep(0)  # others load it meanwhile
        till.pay(2)

    @shop.projection(key="till")
    def taken(row: Taken | None, event: Paid) -> Taken:
        return Taken(event.till, event.cents + (row.cents if row else 0))

    @shop.query(cache=timedelta(minutes=1))
    async def taken_by(query: TakenBy, rows: ReadModel[Taken]) -> Taken | None:
        return await rows.get(query.till)

    assert all((pay, pay_twice, taken, taken_by))
    return shop


@pytest.fixture
def seen() -> Seen:
    return Seen()


async def test_a_command_is_a_span_with_the_position_and_the_number_of_its_events(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        receipt = await app.send(Pay(till="T", cents=5), id="c-1", metadata=Metadata(correlation_id="r-1"))
    (span,) = seen.spans("command Pay")
    assert dict(span.attributes or {}) == {
        "leftfold.command_id": "c-1",
        "leftfold.correlation_id": "r-1",
        "leftfold.outcome": "done",
        "leftfold.position": receipt.position,
        "leftfold.events": 1,
    }


async def test_a_refusal_is_no_error_and_a_failure_is_one(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        with pytest.raises(TillClosed):
            await app.send(Pay(till="T", cents=-1))
        with pytest.raises(ZeroDivisionError):
            await app.send(Pay(till="T", cents=0))
    refused, failed = seen.spans("command Pay")
    assert [span.status.status_code for span in (refused, failed)] == [StatusCode.UNSET, StatusCode.ERROR]
    assert {str(labels["outcome"]) for labels, _ in seen.points("leftfold.call.duration")} == {"refused", "failed"}


async def test_commands_decided_again_after_a_conflict_are_counted(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        await app.send(Pay(till="T", cents=1))
        await asyncio.gather(*(app.send(PayTwice(till="T")) for _ in range(4)))
    ((labels, counted),) = seen.points("leftfold.conflicts")
    assert labels == {"kind": "command", "name": "PayTwice"}
    told = [(span.attributes or {}).get("leftfold.conflicts", 0) for span in seen.spans("command PayTwice")]
    assert counted == sum(one for one in told if isinstance(one, int)) > 0


async def test_a_batch_is_a_span_and_its_size_and_lag_are_measured(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        receipt = await app.send(Pay(till="T", cents=5))
        await app.ask(TakenBy(till="T"), after=receipt)
    ((labels, size),) = seen.points("leftfold.follower.batch")
    (span,) = seen.spans(f"follow {labels['subscription']}")
    assert (size, (span.attributes or {})["leftfold.position"]) == (1, receipt.position)
    assert seen.points("leftfold.follower.lag") == [(labels, 0)]


async def test_reads_of_kept_answers_are_hits_and_others_misses(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        receipt = await app.send(Pay(till="T", cents=5))
        await app.ask(TakenBy(till="T"), after=receipt)
        await app.running().noticed("taken", receipt.position, 5)
        await app.ask(TakenBy(till="T"))
        before = {str(labels["read"]): count for labels, count in seen.points("leftfold.cache.reads")}
        await app.ask(TakenBy(till="T"))
    after = {str(labels["read"]): count for labels, count in seen.points("leftfold.cache.reads")}
    assert after["hit"] - before.get("hit", 0) == 1
    assert after["miss"] == before["miss"] >= 1


async def test_log_records_belong_to_the_command_that_runs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(belonging := CorrelationFilter())
    try:
        async with App(_shop(), store="memory:") as app:
            await app.send(Pay(till="T", cents=5), id="c-1", metadata=Metadata(correlation_id="r-1", actor="ann"))
        _log.warning("outside")
    finally:
        caplog.handler.removeFilter(belonging)
    told = [
        tuple(vars(record)[name] for name in ("correlation_id", "command_id", "actor"))
        for record in caplog.records
        if record.name == _log.name
    ]
    assert told == [("r-1", "c-1", "ann"), (None, None, None)]


async def test_that_what_it_is_about_is_there_or_is_not_is_a_refusal_too(seen: Seen) -> None:
    async with App(market, billing, store="memory:", telemetry=seen.telemetry) as app:
        await app.send(Place(order="A"))
        with pytest.raises(AlreadyExists):
            await app.send(Place(order="A"))
        with pytest.raises(NotFound):
            await app.send(Cancel(order="B"))
    spans = [*seen.spans("command Place"), *seen.spans("command Cancel")]
    assert [(span.attributes or {})["leftfold.outcome"] for span in spans] == ["done", "refused", "refused"]
    assert {span.status.status_code for span in spans} == {StatusCode.UNSET}


async def test_an_append_is_a_span_within_its_command_and_a_refused_one_is_no_error(seen: Seen) -> None:
    async with App(_shop(), store="memory:", telemetry=seen.telemetry) as app:
        receipt = await app.send(Pay(till="T", cents=5))
        with pytest.raises(Conflict):
            await app.events.append("till-T", Paid(till="T", cents=1), expected=Expected.NO_STREAM)
    made, refused = seen.spans("append")
    (command,) = seen.spans("command Pay")
    assert made.parent is not None
    assert command.context is not None
    assert made.parent.span_id == command.context.span_id
    assert dict(made.attributes or {}) == {
        "leftfold.streams": ("till-T",),
        "leftfold.position": receipt.position,
        "leftfold.events": 1,
    }
    assert (refused.attributes or {})["leftfold.refused"] == "Conflict"
    assert refused.status.status_code is StatusCode.UNSET


async def test_a_batch_is_a_trace_of_its_own_that_ends_when_its_checkpoint_is_written(seen: Seen) -> None:
    log, reached = MemoryLog(), dict[str, int]()

    def note(span: ReadableSpan) -> None:
        reached[span.name] = max((one.position for one in log.checkpoints.values()), default=0)

    seen.at_end = note
    store = MemoryStore(log=log)
    with seen.tracer.start_as_current_span("start of the program"):
        async with App(_shop(), store=store, telemetry=seen.telemetry) as app:
            receipt = await app.send(Pay(till="T", cents=5))
            await app.ask(TakenBy(till="T"), after=receipt)
    (span,) = (span for name in reached if name.startswith("follow ") for span in seen.spans(name))
    assert span.parent is None
    assert reached[span.name] == receipt.position


async def test_an_event_that_cannot_be_handled_is_an_error_of_its_batch(seen: Seen) -> None:
    shop = Context("shop")

    @shop.projection(key="till")
    def taken(_row: Taken | None, event: Paid) -> Taken:
        raise ValueError(event.till)

    assert all((taken,))
    async with App(shop, store="memory:", telemetry=seen.telemetry) as app:
        appended = await app.events.append("till-T", Paid(till="T", cents=1), expected=Expected.ANY)
        await app.monitor.wait("taken", position=appended.position)
        (letter,) = [letter async for letter in app.dead_letters.all()]
        await app.dead_letters.replay(letter)
    spans = [*seen.spans("follow taken@1.1"), *seen.spans("retry taken@1.1")[:1]]
    assert [span.status.status_code for span in spans] == [StatusCode.ERROR] * 2

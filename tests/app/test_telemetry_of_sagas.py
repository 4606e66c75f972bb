"""What an OpenTelemetry SDK is told of sagas, of their steps, and of what an app carries on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from opentelemetry.trace import StatusCode

from leftfold import App, Attempt, Command, Context, DomainError, Event, Metadata, Outcome, Retry, Saga, Steps, step
from leftfold.clock import SystemClock
from leftfold.errors import Fenced
from leftfold.processes import Moment, Sender, sends
from leftfold.store import Expected, Transaction
from leftfold.store.work import AT_ONCE, Begin, WorkItem
from tests.app.seeing import Seen


class Full(DomainError):
    """No room."""


class Rung(Event):
    bell: str


@dataclass(frozen=True)
class Rings:
    bell: str


class Ring(Command):
    bell: str


class Trip(Saga):
    town: str

    @step(retry=Retry(attempts=2, first=timedelta(milliseconds=1)))
    async def book(self, attempt: Attempt) -> str:
        """Answer at the second try."""
        if attempt.number == 1:
            raise ConnectionError("no answer")
        return attempt.key

    @book.undo()
    async def unbook(self, was: Outcome[str], attempt: Attempt) -> None:
        """Be undone."""

    @step(undoable=False)
    @sends(Ring)
    async def announce(self, attempt: Attempt, sender: Sender) -> None:
        """Ring, unless the town is full."""
        if self.town == "full":
            raise Full
        await sender.send(Ring(bell=self.town), id=attempt.key)


class Tour(Saga):
    towns: int

    async def run(self, steps: Steps) -> None:
        """Visit them."""
        for town in range(self.towns):
            await steps.do(f"visit {town}", _visit, undo=None)


async def _visit(attempt: Attempt) -> None:
    """Visit a town."""


def _travel() -> Context:
    travel = Context("travel")
    travel.saga(Trip)
    travel.saga(Tour)

    @travel.command
    async def ring(command: Ring) -> None:
        """Do nothing but be called."""

    assert all((ring,))
    return travel


@pytest.fixture
def seen() -> Seen:
    return Seen()


async def test_each_call_of_a_step_is_a_span_within_what_is_carried_on(seen: Seen) -> None:
    async with App(_travel(), store="memory:", telemetry=seen.telemetry) as app:
        begun = await app.start(Trip(town="Rome"), id="1", metadata=Metadata(correlation_id="r-1"))
        await app.sagas.ended(Trip, begun.id)
    failed, done = seen.spans("step travel.Trip/book")
    assert dict(failed.attributes or {}) == {
        "leftfold.attempt": 1,
        "leftfold.correlation_id": "r-1",
        "leftfold.outcome": "failed",
    }
    assert failed.status.status_code is StatusCode.ERROR
    assert (done.attributes or {})["leftfold.attempt"] == 2
    assert (done.attributes or {})["leftfold.outcome"] == "done"
    (announced,) = seen.spans("step travel.Trip/announce")
    (command,) = seen.spans("command Ring")
    assert announced.context is not None
    assert command.parent is not None
    assert command.parent.span_id == announced.context.span_id
    carried = seen.spans("carry saga/travel.Trip/1")
    assert carried  # once, or once more where the pause before the second try was not over at once
    for span in carried:
        assert span.parent is None
        assert (span.attributes or {})["leftfold.work"] == "saga/travel.Trip/1"
    assert announced.parent is not None
    assert announced.parent.span_id in {span.context.span_id for span in carried if span.context is not None}


async def test_a_saga_is_carried_on_in_a_trace_apart_from_that_of_who_began_it(seen: Seen) -> None:
    async with App(_travel(), store="memory:", telemetry=seen.telemetry) as app:
        with seen.tracer.start_as_current_span("request"):
            begun = await app.start(Tour(towns=1), id="1")
        await app.sagas.ended(Tour, begun.id)
    (request,) = seen.spans("request")
    (carried,) = seen.spans("carry saga/travel.Tour/1")
    assert request.context is not None
    assert carried.context is not None
    assert carried.context.trace_id != request.context.trace_id


async def test_sagas_that_have_ended_are_measured_by_how_they_did(seen: Seen) -> None:
    async with App(_travel(), store="memory:", telemetry=seen.telemetry) as app:
        for id, town in (("1", "Rome"), ("2", "full"), ("3", "full")):
            await app.start(Trip(town=town), id=id)
            await app.sagas.ended(Trip, id)
    counts = {tuple(labels.values()): count for labels, count in seen.counts("leftfold.saga.duration")}
    assert counts == {("travel.Trip", "completed"): 1, ("travel.Trip", "compensated"): 2}
    (undone, _) = seen.spans("undo travel.Trip/book")
    assert (undone.attributes or {})["leftfold.outcome"] == "done"
    steps = {
        (labels["step"], labels["phase"], labels["outcome"]): count
        for labels, count in seen.counts("leftfold.step.duration")
    }
    assert steps == {
        ("book", "do", "failed"): 3,
        ("book", "do", "done"): 3,
        ("announce", "do", "done"): 1,
        ("announce", "do", "refused"): 2,
        ("book", "undo", "done"): 2,
    }


async def test_a_saga_that_cannot_be_read_is_measured_as_stuck(seen: Seen) -> None:
    begin = Begin(
        id="saga/travel.Trip/1", queue="saga/travel.Trip/1", status="running", state=b'{"lost": 1}', wake=AT_ONCE
    )
    async with App(_travel(), store="memory:", telemetry=seen.telemetry) as app:
        await app.store.transact(Transaction(writes=[begin]))
        assert (await app.sagas.ended(Trip, "1")).status == "stuck"
        await app.settle()
    assert seen.counts("leftfold.saga.duration") == [({"saga": "travel.Trip", "status": "stuck"}, 1)]


async def test_names_that_a_function_gives_its_steps_are_no_labels_of_a_metric(seen: Seen) -> None:
    async with App(_travel(), store="memory:", telemetry=seen.telemetry) as app:
        await app.start(Tour(towns=3), id="1")
        await app.sagas.ended(Tour, "1")
    assert len(seen.spans("step travel.Tour/visit 2")) == 1
    assert seen.counts("leftfold.step.duration") == [
        ({"saga": "travel.Tour", "phase": "do", "outcome": "done"}, 3),
    ]
    ((labels, _),) = seen.counts("leftfold.work.duration")
    assert labels == {"queue": "saga/travel.Tour/1"}


async def test_events_that_a_follower_fails_on_are_counted(seen: Seen) -> None:
    bells = Context("bells")

    @bells.projection(key="bell")
    def rings(row: Rings | None, event: Rung) -> Rings:
        if event.bell == "cracked":
            raise ValueError(event.bell)
        return row or Rings(event.bell)

    assert all((rings,))
    async with App(bells, store="memory:", telemetry=seen.telemetry) as app:
        for bell in ("big", "cracked", "cracked"):
            await app.events.append(f"bell-{bell}", Rung(bell=bell), expected=Expected.ANY)
        await app.settle()
    ((labels, count),) = seen.points("leftfold.follower.failures")
    assert labels["subscription"] == "rings@1.1"
    assert count >= 1


class _Failing:
    queues = ("saga/travel.Trip/1",)

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"),
    [(Fenced("saga/travel.Trip/1", 1), StatusCode.UNSET), (ConnectionError("no store"), StatusCode.ERROR)],
)
async def test_work_that_another_took_over_is_no_error_and_any_other_failure_is_one(
    seen: Seen, error: Exception, code: StatusCode
) -> None:
    now = SystemClock().now()
    item = WorkItem(
        id="saga/travel.Trip/1",
        queue="saga/travel.Trip/1",
        status="running",
        state=b"{}",
        token=1,
        owner="a",
        wake_at=None,
        created_at=now,
        changed_at=now,
    )
    carrier = seen.telemetry.work.carrier(_Failing(error))
    with pytest.raises(type(error)):
        await carrier.carry(item, SystemClock().now)
    (carried,) = seen.spans("carry saga/travel.Trip/1")
    assert carried.status.status_code is code
    assert ("leftfold.lost" in (carried.attributes or {})) is isinstance(error, Fenced)
    ((_, count),) = seen.counts("leftfold.work.duration")
    assert count == 1

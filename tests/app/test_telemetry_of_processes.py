"""What an OpenTelemetry SDK is told of what fails of processes, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from leftfold import App, Command, DomainError
from leftfold.store import MemoryStore
from leftfold.subscriptions.worker import Timing
from leftfold.testing import ManualClock
from tests.app.seeing import Seen
from tests.processes.watches import Fire, Poke, Poked, Wait, watching

_STAYING = Timing(lease_s=1_000_000.0)
_METRIC = "leftfold.process.failures"


class _Bell:
    """Breaks at what is called so, as often as is said."""

    def __init__(self) -> None:
        self.broken: dict[str, int] = {}

    def ring(self, name: str) -> None:
        if self.broken.get(name, 0) > 0:
            self.broken[name] -= 1
            raise Fire(name)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def bell() -> _Bell:
    return _Bell()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def app(seen: Seen, bell: _Bell, clock: ManualClock) -> AsyncIterator[App]:
    store = MemoryStore(clock=clock)
    async with App(watching(bell), store=store, clock=clock, workers=_STAYING, telemetry=seen.telemetry) as opened:
        yield opened


@pytest.fixture
def failures(seen: Seen) -> Callable[[], dict[tuple[object, object], float]]:
    def counted() -> dict[tuple[object, object], float]:
        points = seen.points(_METRIC)
        assert all(labels["sender"] == "watching.watch" for labels, _ in points)
        return {(labels["kind"], labels["status"]): count for labels, count in points}

    return counted


Failures = Callable[[], dict[tuple[object, object], float]]


async def test_what_goes_well_is_no_failure(app: App, clock: ManualClock, failures: Failures) -> None:
    await app.send(Wait(id="w", timers={"tea": 5.0}))
    await app.send(Poke(id="w", what="mark"))
    await app.send(Poke(id="w", what="ignore"))
    clock.advance(timedelta(seconds=5))
    await app.settle()
    assert failures() == {}


async def test_a_command_is_counted_at_each_try_and_when_it_is_given_up(
    app: App, bell: _Bell, clock: ManualClock, failures: Failures
) -> None:
    bell.broken = {"once": 1, "ever": 99}
    await app.send(Wait(id="w"))
    for what in ("once", "ever"):
        await app.send(Poke(id="w", what=what))
    await app.settle()
    assert failures() == {("command", "retrying"): 2}
    clock.advance(timedelta(seconds=1))
    await app.settle()
    assert failures() == {("command", "retrying"): 2, ("command", "dead"): 1}


async def test_a_command_that_the_domain_refuses_is_counted_as_refused(app: App, failures: Failures) -> None:
    await app.send(Wait(id="w"))
    await app.send(Poke(id="w", what="no thanks"))
    await app.settle()
    assert failures() == {("command", "refused"): 1}


async def test_a_timer_is_counted_at_each_try_and_when_it_is_given_up(
    app: App, bell: _Bell, clock: ManualClock, failures: Failures
) -> None:
    bell.broken = {"timer once": 1, "timer ever": 99}
    await app.send(Wait(id="w", timers={"once": 1.0, "ever": 2.0}))
    clock.advance(timedelta(seconds=3))
    await app.settle()
    assert failures() == {("timer", "retrying"): 2, ("timer", "dead"): 1}


async def test_an_event_whose_instance_never_begins_is_counted(
    app: App, clock: ManualClock, failures: Failures
) -> None:
    await app.send(Poke(id="w", what="lost"))
    await app.settle()
    assert failures() == {}
    clock.advance(timedelta(minutes=10))
    await app.settle()
    assert failures() == {("event", "dead"): 1}


async def test_an_event_that_has_waited_and_is_raised_at_is_counted(app: App, bell: _Bell, failures: Failures) -> None:
    bell.broken = {"poked early": 1}
    await app.send(Poke(id="w", what="early"))
    await app.settle()
    await app.send(Wait(id="w"))
    await app.settle()
    assert failures() == {("event", "dead"): 1}


class _Never(DomainError):
    """Nothing is done."""


class _Refuse(Command):
    id: str


async def test_a_command_of_a_reaction_is_counted_under_its_name(seen: Seen, bell: _Bell) -> None:
    context = watching(bell)

    @context.command
    async def refuse(command: _Refuse) -> None:
        assert command.id
        raise _Never

    @context.reacts
    def protest(event: Poked) -> _Refuse:
        return _Refuse(id=event.id)

    assert all((refuse, protest))
    async with App(context, store="memory:", telemetry=seen.telemetry) as app:
        await app.send(Poke(id="w", what="x"))
        await app.settle()
    assert seen.points(_METRIC) == [({"sender": "watching.protest", "kind": "command", "status": "refused"}, 1)]

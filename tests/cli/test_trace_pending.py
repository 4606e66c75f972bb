"""What is still to come of a conversation stands in its trace, with when; and what was refused stands there once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from leftfold import App, Command, Context, Event, Metadata, Retry, Saga, step
from leftfold.flow import TraceEntry
from leftfold.processes.missing import MissingEvent, missing_event
from leftfold.store import Envelope, Expected, Transaction
from leftfold.testing import ManualClock
from tests.cli.command import Leftfold
from tests.processes.watches import Fire, Poke, Wait, watching

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = NOON + timedelta(minutes=10)
TALK = Metadata(correlation_id="talk")


class Bell:
    """Breaks at what it is told to."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken

    def ring(self, name: str) -> None:
        if name in self.broken:
            raise Fire(name)


bench = App(watching(Bell()), store="memory:")


def played(url: str, context: Context, play: Callable[[App, ManualClock], Awaitable[None]]) -> None:
    """Let *play* act on an app at *url*, from noon on."""

    async def run() -> None:
        clock = ManualClock(NOON)
        async with App(context, store=url, clock=clock, workers=True) as app:
            await play(app, clock)
            await app.settle()

    asyncio.run(run())


def traced(leftfold: Leftfold, url: str, *arguments: str) -> list[TraceEntry]:
    ran = leftfold("trace", *arguments, "--json", "--store", url)
    assert ran.code == 0, ran.err
    return [msgspec.json.decode(line, type=TraceEntry) for line in ran.out.splitlines()]


def test_timers_that_are_set_stand_below_their_instance_at_the_time_at_which_they_fire(
    leftfold: Leftfold, sqlite: str
) -> None:
    async def play(app: App, clock: ManualClock) -> None:
        await app.send(Wait(id="w", timers={"tea": 60.0, "milk": 7200.0, "1": 3600.0}), metadata=TALK)
        await app.settle()
        clock.advance(timedelta(minutes=1))

    played(sqlite, watching(Bell()), play)
    timers = [one for one in traced(leftfold, sqlite, "talk") if one.kind == "timer"]
    assert [(one.name, one.status, one.at - NOON, one.due, one.depth) for one in timers] == [
        ("tea", "", timedelta(minutes=1), None, 3),
        ("1", "pending", HOUR, NOON + HOUR, 3),
        ("milk", "pending", 2 * HOUR, NOON + 2 * HOUR, 3),
    ]
    lines = leftfold("trace", "talk", "--store", sqlite).out.splitlines()
    assert "2026-03-01 14:00:00.000        timer milk  pending" in lines


def test_what_is_still_to_come_is_new_however_late_one_looks(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        await app.send(Wait(id="w", timers={"tea": 7200.0}), metadata=TALK)

    played(sqlite, watching(Bell()), play)
    late = traced(leftfold, sqlite, "talk", "--since", "2026-03-01T13:00:00Z")
    assert [(one.kind, one.name) for one in late] == [("process", "watching.watch/w"), ("timer", "tea")]


def test_a_timer_that_was_given_up_says_so_and_what_the_function_raised(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        await app.send(Wait(id="w", timers={"tea": 0.0}), metadata=TALK)

    played(sqlite, watching(Bell("timer tea")), play)
    timers = [one for one in traced(leftfold, sqlite, "talk") if one.kind == "timer"]
    assert [(one.status, one.note, one.due) for one in timers][-1] == ("dead", "Fire: timer tea", None)


@pytest.mark.parametrize("source", [(), ("--app", "tests.cli.test_trace_pending:bench")], ids=["store", "app"])
def test_an_event_that_waits_for_an_instance_says_for_which_and_until_when(
    leftfold: Leftfold, sqlite: str, source: Sequence[str]
) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        await app.send(Poke(id="other", what="tea"))
        await app.send(Poke(id="w", what="tea"), metadata=TALK)
        await app.send(Poke(id="there", what="end"), metadata=TALK)
        await app.send(Wait(id="there"), metadata=TALK)

    played(sqlite, watching(Bell()), play)
    entries = traced(leftfold, sqlite, "talk", *source)
    event, waits = next(pair for pair in pairwise(entries) if pair[1].kind == "process")
    assert (event.name, event.place) == ("Poked", "watch-w 1")
    assert (waits.name, waits.status, waits.parent, waits.due) == ("watching.watch/w", "missing", event.id, LATER)
    assert [(one.name, one.status) for one in entries if one.kind == "process"] == [
        ("watching.watch/w", "missing"),
        ("watching.watch/there", "ended"),
    ]
    told = leftfold("trace", "talk", "--store", sqlite, *source).out
    assert "process watching.watch/w  missing  until 2026-03-01 12:10:00.000" in told


def test_an_event_that_was_given_up_says_so_below_itself(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, clock: ManualClock) -> None:
        await app.send(Poke(id="w", what="tea"), metadata=TALK)
        await app.settle()
        clock.advance(HOUR)

    played(sqlite, watching(Bell()), play)
    [given_up] = [one for one in traced(leftfold, sqlite, "talk") if one.kind == "process"]
    assert (given_up.name, given_up.status, given_up.due, given_up.depth) == ("watching.watch/w", "dead", None, 2)


def test_a_refused_command_is_shown_once_with_why(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        await app.send(Wait(id="w"), metadata=TALK)
        for what in ("no tea", "no milk"):
            await app.send(Poke(id="w", what=what), metadata=TALK)

    played(sqlite, watching(Bell()), play)
    entries = traced(leftfold, sqlite, "talk")
    refused = [(one.kind, one.name, one.status) for one in entries if "NotToday" in one.note]
    assert refused == [("command", "Mark", "refused")] * 2
    assert not any(one.kind == "refusal" for one in entries)


def test_what_was_refused_before_it_was_tried_again_is_still_told(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, clock: ManualClock) -> None:
        await app.send(Wait(id="w"), metadata=TALK)
        await app.send(Poke(id="w", what="no tea"), metadata=TALK)
        await app.settle()
        clock.advance(HOUR)
        [parked] = [one async for one in app.processes.parked()]
        await app.processes.retry(parked.id, who="ann", why="there is some now")

    played(sqlite, watching(Bell()), play)
    told = [one for one in traced(leftfold, sqlite, "talk") if "NotToday" in one.note]
    assert sorted((one.kind, one.at) for one in told) == [("command", NOON), ("refusal", NOON)]


class Rung(Event):
    at: str


class Answer(Command):
    at: str


class Call(Saga):
    @step(undoable=False, retry=Retry(attempts=5, first=HOUR, most=HOUR))
    async def dial(self) -> None:
        raise Fire("no line")


def calling() -> Context:
    """Whatever is tried fails, and is tried again."""
    context = Context("calling")
    context.saga(Call)

    @context.command
    async def answer(_command: Answer) -> None:
        raise Fire("nobody is in")

    @context.reacts
    def rung(event: Rung) -> Answer:
        return Answer(at=event.at)

    return context


def test_what_failed_stands_there_with_the_time_at_which_it_is_tried_again(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        events = app.running("calling").loader.events
        await events.append("door-1", Envelope(event=Rung(at="door"), metadata=TALK), expected=Expected.ANY)
        await app.start(Call(), id="ann")

    played(sqlite, calling(), play)
    [command] = [one for one in traced(leftfold, sqlite, "talk") if one.kind == "command"]
    assert (command.name, command.status) == ("Answer", "retrying")
    assert command.due is not None
    assert command.due > NOON
    [dial] = [one for one in traced(leftfold, sqlite, "saga/calling.Call/ann") if one.kind == "step"]
    assert dial.due is not None
    assert dial.due > NOON
    for what, due in (("talk", command.due), ("saga/calling.Call/ann", dial.due)):
        text = leftfold("trace", what, "--store", sqlite).out
        assert f"again at {due.strftime('%Y-%m-%d %H:%M:%S')}" in text


def test_an_event_of_another_log_is_not_taken_for_the_one_at_its_position_here(leftfold: Leftfold, sqlite: str) -> None:
    async def play(app: App, _clock: ManualClock) -> None:
        await app.send(Wait(id="w"), metadata=TALK)
        store = app.running("watching").store
        event = MissingEvent(process="watching.watch", key="x", source="elsewhere", position=1, type="Poked")
        await store.transact(Transaction(writes=[missing_event(event, datetime.max.replace(tzinfo=UTC))]))

    played(sqlite, watching(Bell()), play)
    names = [one.name for one in traced(leftfold, sqlite, "talk") if one.kind == "process"]
    assert names == ["watching.watch/w"]

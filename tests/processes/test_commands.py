"""Commands that a process sends: tried again, refused, given up, mended; each carried out once."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from leftfold import Aggregate, App, Command, Context, Event, Next, applies
from leftfold.errors import InvalidInput, NotPossible, UnknownInstance
from leftfold.handling import CorrelationFilter
from leftfold.processes import IGNORE, CommandRefused, Ignored
from leftfold.processes.outgoing import Origin, command_id
from leftfold.store.limits import MAX_EVENT_BYTES
from tests.processes.test_timers import STAYING, Bell, marks
from tests.processes.watches import Poke, Poked, Wait, Waited, Watch, Watched, watching


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
async def app(each_url: str, bell: Bell) -> AsyncIterator[App]:
    async with App(watching(bell), store=each_url, workers=STAYING) as app:
        yield app


async def begun(app: App, *pokes: str) -> None:
    await app.send(Wait(id="w"))
    for what in pokes:
        await app.send(Poke(id="w", what=what))
    await app.settle()


async def test_a_command_that_fails_is_tried_again_and_carried_out_once(app: App, bell: Bell) -> None:
    bell.broken.add("red")
    bell.heals = {"red"}
    await begun(app, "red")
    assert (await marks(app), bell.rung.count("red")) == (["red"], 2)
    assert [one async for one in app.processes.parked()] == []


async def test_a_command_that_fails_every_time_is_kept_and_can_be_tried_again_by_a_person(app: App, bell: Bell) -> None:
    bell.broken.add("red")
    await begun(app, "red", "blue")
    assert await marks(app) == ["blue"]
    (parked,) = [one async for one in app.processes.parked(statuses=("dead",))]
    assert (parked.kind, parked.what, parked.key, parked.attempts) == ("command", "Mark", "w", 2)
    assert "Fire: red" in parked.error
    bell.broken.clear()
    await app.processes.retry(parked.id, who="ann", why="the bell is mended")
    await app.settle()
    assert await marks(app) == ["blue", "red"]
    assert [one async for one in app.processes.parked()] == []
    entry = (await app.processes.show("watch", "w")).journal[-1]
    assert (entry.kind, entry.what, entry.note) == ("retried", "Mark", "ann: the bell is mended")


@pytest.mark.parametrize(
    ("poked", "told"),
    [("red", "dead: Fire: red. "), ("no red", "refused: NotToday: Some marks are refused. (name=no red). ")],
)
async def test_the_log_says_which_command_waits_for_a_person(
    app: App, bell: Bell, caplog: pytest.LogCaptureFixture, poked: str, told: str
) -> None:
    bell.broken.add("red")
    caplog.handler.addFilter(CorrelationFilter())
    with caplog.at_level(logging.WARNING, "leftfold"):
        await begun(app, poked)
    (record,) = [record for record in caplog.records if "is kept as" in record.getMessage()]
    sender = "command 'Mark' of process/watching.watch/w"
    assert record.getMessage() == f"{sender} is kept as {told}See: leftfold processes parked"
    assert vars(record)["correlation_id"] is not None


async def test_a_command_that_was_given_up_can_be_dropped(app: App, bell: Bell) -> None:
    bell.broken.add("red")
    await begun(app, "red")
    (parked,) = [one async for one in app.processes.parked()]
    await app.processes.drop(parked.id, who="ann", why="nobody wants it")
    assert [one async for one in app.processes.parked()] == []
    with pytest.raises(UnknownInstance):
        await app.processes.drop(parked.id, who="ann", why="again")
    entry = (await app.processes.show("watch", "w")).journal[-1]
    assert (entry.kind, entry.note) == ("dropped", "ann: nobody wants it")


async def test_nothing_is_dropped_or_tried_again_without_who_and_why(app: App, bell: Bell) -> None:
    bell.broken.add("red")
    await begun(app, "red")
    (parked,) = [one async for one in app.processes.parked()]
    for who, why in ((None, "nobody wants it"), ("ann", ""), ("ann", "a\0b")):
        with pytest.raises(InvalidInput):
            await app.processes.drop(parked.id, who=cast("str", who), why=why)
        with pytest.raises(InvalidInput):
            await app.processes.retry(parked.id, who=cast("str", who), why=why)
    assert [one async for one in app.processes.parked()] == [parked]


class Named(Event):
    id: str


class Claim(Command):
    """Begins a name that nobody has."""

    id: str


class Name(Aggregate[Named]):
    @applies
    def _named(self, event: Named) -> None:
        pass


def claiming() -> Context:
    """Each watch that is poked claims its name, and notes when it is told no."""
    context = Context("claiming")
    context.includes(Watch)

    @context.decides(Watch, id="id")
    def poke(command: Poke, watch: Watch) -> None:
        watch.record(Poked(id=watch.id, what=command.what))

    @context.decides(Name, id="id", exists=False)
    def claim(command: Claim, name: Name) -> None:
        assert command.id == name.id
        name.record(Named(id=name.id))

    @context.process(key="id")
    def claims(state: Watched | None, event: Poked | CommandRefused) -> Next[Watched]:
        seen = () if state is None else state.seen
        if isinstance(event, CommandRefused):
            if seen == ("big",):
                return Next(Watched("x" * MAX_EVENT_BYTES))
            return Next(Watched("", (*seen, event.error)))
        return Next(Watched(event.id, (*seen, event.what))).send(Claim(id=event.what))

    assert all((poke, claim, claims))
    return context


async def test_that_what_a_command_begins_is_there_already_is_a_refusal(each_url: str) -> None:
    async with App(claiming(), store=each_url, workers=STAYING) as app:
        await app.send(Claim(id="tea"))
        await app.send(Poke(id="w", what="tea"))
        await app.settle()
        assert "AlreadyExists" in (await app.processes.show("claims", "w")).state
        assert [one async for one in app.processes.parked()] == []


async def test_a_refused_command_is_kept_when_nothing_that_the_process_makes_of_it_can_be_stored(each_url: str) -> None:
    async with App(claiming(), store=each_url, workers=STAYING) as app:
        await app.send(Claim(id="big"))
        await app.send(Poke(id="w", what="big"))
        await app.settle()
        (parked,) = [one async for one in app.processes.parked()]
        assert (parked.kind, parked.what, parked.status) == ("command", "Claim", "dead")
        assert "and the process, told so, raised TooLarge" in parked.error
        assert (await app.processes.show("claims", "w")).transitions == 1


async def test_a_refusal_that_the_process_does_not_take_is_noted_and_kept(app: App) -> None:
    await begun(app, "no red")
    (parked,) = [one async for one in app.processes.parked()]
    assert (parked.kind, parked.status) == ("command", "refused")
    assert "NotToday" in parked.error
    entry = (await app.processes.show("watch", "w")).journal[-1]
    assert (entry.kind, entry.what) == ("refused", "Mark")


async def test_a_refused_command_that_a_person_tries_again_is_decided_again(app: App, bell: Bell) -> None:
    await begun(app, "no red")
    (parked,) = [one async for one in app.processes.parked()]
    await app.processes.retry(parked.id, who="ann", why="it is tomorrow")
    await app.settle()
    assert bell.rung.count("no red") == 2, "the answer that was kept was given again"
    (parked,) = [one async for one in app.processes.parked()]
    assert parked.status == "refused"


async def test_what_is_under_way_needs_no_person(app: App, bell: Bell) -> None:
    bell.broken.add("red")
    await begun(app, "red")
    (parked,) = [one async for one in app.processes.parked()]
    await app.processes.retry(parked.id, who="ann", why="now")
    with pytest.raises((NotPossible, UnknownInstance)):
        await app.processes.retry("process/watching.watch/w#tea", who="ann", why="there is none")
    await app.settle()
    (parked,) = [one async for one in app.processes.parked()]
    assert (parked.status, bell.rung.count("red")) == ("dead", 4)


def test_the_id_of_a_command_is_the_same_every_time_and_of_each_its_own() -> None:
    one = Origin(name="process/shop.fulfilment", id="process/shop.fulfilment/A", key="A")
    other = Origin(name="process/shop.fulfilment", id="process/shop.fulfilment/B", key="B")
    assert command_id(one, "e", 0) == command_id(one, "e", 0)
    ids = {command_id(origin, cause, number) for origin in (one, other) for cause in "ef" for number in (0, 1)}
    assert len(ids) == 8


class Unheard(Command):
    id: str


async def test_a_command_that_nobody_handles_holds_up_its_instance_alone(each_url: str) -> None:
    context = Context("watching")
    context.includes(*watching(Bell()).parts)

    @context.process(key="id")
    def watch(state: Watched | None, event: Waited) -> Next[Watched] | Ignored:
        if state is not None:
            return IGNORE
        following = Next(Watched(event.id))
        return following.send(Unheard(id=event.id)) if event.id == "odd" else following

    async with App(context, store=each_url, workers=STAYING) as app:
        for id in ("odd", "even"):
            await app.events.append(f"watch-{id}", Waited(id=id, timers={}), expected=0)
        await app.settle()
        (letter,) = [letter async for letter in app.dead_letters.all()]
        assert (letter.subject, "Unheard" in letter.error) == ("odd", True)
        assert [view.key async for view in app.processes.find("watch")] == ["even"]


class Sent(Event):
    id: str


async def test_commands_go_to_other_contexts_with_their_own_stores(each_url: str, bell: Bell, tmp_path: Path) -> None:
    context = Context("desk")

    @context.process(key="id")
    def desk(state: Watched | None, event: Sent) -> Next[Watched] | Ignored:
        return IGNORE if state is not None else Next(Watched(event.id)).send(Wait(id=event.id))

    other = f"sqlite:///{tmp_path}/watching.db"
    async with App(context, watching(bell), store={"desk": each_url, "watching": other}, workers=STAYING) as app:
        running = app.running("desk")
        for id in ("a", "b"):
            await running.loader.events.append(f"desk-{id}", Sent(id=id), expected=0)
        await app.settle()
        events = await app.running("watching").loader.events.read_log()
        assert sorted(recorded.stream for recorded in events.events) == ["watch-a", "watch-b"]
        assert {recorded.metadata.extra["process"] for recorded in events.events} == {
            "process/desk.desk/a",
            "process/desk.desk/b",
        }
        assert sorted([view.key async for view in app.processes.find("watch")]) == ["a", "b"]

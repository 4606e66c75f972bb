"""While a deployment rolls, old code meets events of newer code: what it cannot do for that waits for newer code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final, Literal, TypeAlias

import pytest
from msgspec import Struct

from leftfold import (
    IGNORE,
    Aggregate,
    App,
    Attempt,
    Command,
    CommandRefused,
    Context,
    DomainError,
    Event,
    Ignored,
    Next,
    Outcome,
    Repository,
    Saga,
    Sender,
    Steps,
    applies,
    step,
)
from leftfold.store import Expected, MemoryLog, MemoryStore
from leftfold.subscriptions import DeadLetter, LetterState
from leftfold.testing import ManualClock
from tests.processes.grounds import QUICK, WAIT_S

_TRIES: Final = 12
"""More than a step, an undo or a command has when nothing else is said."""

Where: TypeAlias = Literal["a step", "a command of a step", "an undo"]


class Came(Event):
    guest: str


class Arrived(Event):
    """What newer code records; the code before it does not know it."""

    guest: str


def arrived_is_came(new: Arrived) -> Came:
    return Came(guest=new.guest)


class Noted(Event):
    guest: str


class Guest(Aggregate[Came | Noted]):
    @applies
    def _nothing(self, event: Came | Noted) -> None:
        pass


class Called(Event):
    guest: str


class Phone(Aggregate[Called]):
    @applies
    def _called(self, event: Called) -> None:
        pass


class Rang(Event):
    guest: str


class Bell(Aggregate[Rang]):
    @applies
    def _rang(self, event: Rang) -> None:
        pass


class Ring(Command):
    guest: str


class Note(Command):
    guest: str


class Call(Command):
    guest: str


class Full(DomainError):
    """No room is free."""


hotel = Context("hotel")


@hotel.decides(Guest, id="guest", exists=True)
def note(_command: Note, guest: Guest) -> None:
    guest.record(Noted(guest=guest.id))


@hotel.decides(Phone, id="guest")
def call(_command: Call, phone: Phone) -> None:
    phone.record(Called(guest=phone.id))


@hotel.reacts
def answer(event: Called) -> Note:
    return Note(guest=event.guest)


@hotel.decides(Bell, id="guest")
def ring(_command: Ring, bell: Bell) -> None:
    bell.record(Rang(guest=bell.id))


@hotel.on(Rang)
async def open_door(event: Rang, sender: Sender, attempt: Attempt) -> None:
    await sender.send(Note(guest=event.guest), id=attempt.key)


@hotel.saga
class Stay(Saga):
    where: Where

    @step
    async def begin(self, attempt: Attempt) -> None:
        pass

    @begin.undo
    async def give_up(self, _was: Outcome[None], guests: Repository[Guest]) -> None:
        (await guests.get("ann")).record(Noted(guest="ann"))

    @step(undoable=False)
    async def tell(self, sender: Sender, attempt: Attempt) -> None:
        if self.where == "a command of a step":
            await sender.send(Note(guest="ann"), id=attempt.key)

    @step(pivot=True)
    async def confirm(self, guests: Repository[Guest]) -> None:
        if self.where == "an undo":
            raise Full
        if self.where == "a step":
            (await guests.get("ann")).record(Noted(guest="ann"))


@hotel.saga
class Guided(Saga):
    async def run(self, steps: Steps, sender: Sender) -> None:
        await steps.do("tell", partial(self._tell, sender), undo=None)

    async def _tell(self, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Note(guest="ann"), id=attempt.key)


class Deployment:
    """A store that outlives the releases that run on it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self._log = MemoryLog()

    def old(self) -> App:
        """The release that knows no `Arrived`."""
        return App(hotel, store=self._store(), clock=self.clock, workers=QUICK)

    def new(self) -> App:
        """The release after it."""
        return App(hotel, store=self._store(), clock=self.clock, workers=QUICK, upcasts=(arrived_is_came,))

    def _store(self) -> MemoryStore:
        return MemoryStore(clock=self.clock, log=self._log)

    async def pass_by(self, app: App) -> None:
        """Let as much time pass as all tries would take."""
        for _ in range(_TRIES):
            await app.settle()
            self.clock.advance(timedelta(minutes=10))
        await app.settle()


@pytest.fixture
async def deployment() -> Deployment:
    """New code has recorded an event, and was rolled back."""
    deployment = Deployment()
    async with deployment.new() as app:
        await app.events.append("guest-ann", Arrived(guest="ann"), expected=0)
        await app.settle()
    return deployment


async def notes(app: App) -> int:
    """How often something was noted about the guest."""
    return len([one for one in await app.events.read("guest-ann") if isinstance(one.event, Noted)])


@pytest.mark.parametrize(
    ("saga", "tried", "status"),
    [
        (Stay(where="a step"), "confirm", "completed"),
        (Stay(where="a command of a step"), "tell", "completed"),
        (Stay(where="an undo"), "begin", "compensated"),
        (Guided(), "tell", "completed"),
    ],
    ids=["a step", "a command of a step", "an undo", "a function"],
)
async def test_a_saga_waits_for_newer_code_and_no_try_is_counted(
    deployment: Deployment, saga: Saga, tried: str, status: str
) -> None:
    async with deployment.old() as app:
        await app.start(saga, id="1")
        await deployment.pass_by(app)
        view = await app.sagas.show(type(saga), "1")
        (one,) = [one for one in view.steps if one.name == tried]
        assert view.status == ("compensating" if status == "compensated" else "running")
        assert one.error is not None
        assert one.error.startswith("UnknownEventType: stream 'guest-ann' version 1, event 'Arrived' v1")
    async with deployment.new() as app:
        deployment.clock.advance(timedelta(minutes=10))
        assert (await app.sagas.ended(type(saga), "1")).status == status
        assert await notes(app) == 1


async def test_a_command_on_its_way_waits_for_newer_code_and_no_try_is_counted(deployment: Deployment) -> None:
    async with deployment.old() as app:
        await app.send(Call(guest="ann"))
        await deployment.pass_by(app)
        (parked,) = [one async for one in app.processes.parked()]
        assert (parked.status, parked.attempts) == ("retrying", 0)
        assert "event 'Arrived' v1" in parked.error
    async with deployment.new() as app:
        deployment.clock.advance(timedelta(minutes=10))
        await app.settle()
        assert (await notes(app), [one async for one in app.processes.parked()]) == (1, [])


async def tried(app: App, clock: ManualClock, news: Event) -> DeadLetter:
    """The one letter, once its event was tried more often than a policy does when nothing is said.

    Args:
        news: has the follower look at once, instead of in a while.
    """
    async with asyncio.timeout(WAIT_S):
        while True:
            await app.settle()
            (letter,) = [one async for one in app.dead_letters.all()]
            if letter.attempts > _TRIES // 2 or letter.state is LetterState.DEAD:
                return letter
            clock.advance(timedelta(minutes=10))
            await app.events.append("news", news, expected=Expected.ANY)


async def test_a_reaction_waits_for_newer_code_for_as_long_as_it_takes(deployment: Deployment) -> None:
    async with deployment.old() as app:
        await app.send(Ring(guest="ann"))
        assert "event 'Arrived' v1" in (await tried(app, deployment.clock, Noted(guest="bob"))).error
    async with deployment.new() as app:
        deployment.clock.advance(timedelta(minutes=10))
        await app.settle()
        assert (await notes(app), [one async for one in app.dead_letters.all()]) == (1, [])


class Rung(Struct, frozen=True):
    times: int


def porter(*, newer: bool) -> Context:
    """A context with a process, of which a newer release has another version beside the first."""
    context = Context("porter")

    @context.decides(Bell, id="guest")
    def ring(_command: Ring, bell: Bell) -> None:
        bell.record(Rang(guest=bell.id))

    @context.process(key="guest", name="answering")
    def answering(_state: Rung | None, _event: Rang) -> Next[Rung] | Ignored:
        return IGNORE

    if newer:

        @context.process(key="guest", name="answering", version=2)
        def answering_anew(state: Rung | None, _event: Rang) -> Next[Rung] | Ignored:
            return Next(Rung(1 if state is None else state.times + 1))

    return context


async def test_an_event_of_an_instance_of_a_newer_version_is_handed_in_once_newer_code_runs() -> None:
    clock, log = ManualClock(), MemoryLog()

    def release(*, newer: bool) -> App:
        return App(porter(newer=newer), store=MemoryStore(clock=clock, log=log), clock=clock, workers=QUICK)

    async with release(newer=True) as app:
        await app.send(Ring(guest="ann"))
        await app.settle()
    async with release(newer=False) as app:
        await app.send(Ring(guest="ann"))
        assert "is here in version 1 only" in (await tried(app, clock, Rang(guest="bob"))).error
    async with release(newer=True) as app:
        clock.advance(timedelta(minutes=10))
        await app.settle()
        assert [one.kind for one in (await app.processes.show("answering", "ann")).journal] == ["applied", "applied"]
        assert [one async for one in app.dead_letters.all()] == []


class Wake(Command):
    guest: str


class WakeAt(Command, name="Wake"):
    """As a newer release has it."""

    guest: str
    hour: int = 7


class Knock(Command):
    """What no older release has."""

    guest: str


def desk() -> Context:
    """A context that takes calls."""
    context = Context("desk")

    @context.decides(Phone, id="guest")
    def call(_command: Call, phone: Phone) -> None:
        phone.record(Called(guest=phone.id))

    return context


def woken(bell: Bell, *, down: bool) -> None:
    """Ring, if it can be rung."""
    if down:
        raise ConnectionError
    bell.record(Rang(guest=bell.id))


def desk_that_wakes() -> Context:
    """It answers a call by a command."""
    context = desk()

    @context.reacts
    def answer(event: Called) -> Wake:
        return Wake(guest=event.guest)

    @context.decides(Bell, id="guest")
    def wake(_command: Wake, bell: Bell) -> None:
        woken(bell, down=False)

    return context


def desk_with_a_field_more(*, down: bool) -> Context:
    """The release after it, whose command says more."""
    context = desk()

    @context.reacts
    def answer(event: Called) -> WakeAt:
        return WakeAt(guest=event.guest)

    @context.decides(Bell, id="guest")
    def wake(_command: WakeAt, bell: Bell) -> None:
        woken(bell, down=down)

    return context


def desk_with_another_command(*, down: bool) -> Context:
    """The release after it, which sends another command."""
    context = desk()

    @context.reacts
    def answer(event: Called) -> Knock:
        return Knock(guest=event.guest)

    @context.decides(Bell, id="guest")
    def knock(_command: Knock, bell: Bell) -> None:
        woken(bell, down=down)

    return context


@pytest.mark.parametrize(
    ("newer", "unread"),
    [
        (desk_with_a_field_more, "InvalidInput: command 'Wake', field 'hour': there is no such field"),
        (desk_with_another_command, "UnknownCommand: nothing here handles the command 'Knock'"),
    ],
    ids=["a field", "a command"],
)
async def test_a_command_of_newer_code_waits_for_it_and_no_try_is_counted(
    newer: Callable[..., Context], unread: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock, log = ManualClock(), MemoryLog()

    def release(context: Context) -> App:
        return App(context, store=MemoryStore(clock=clock, log=log), clock=clock, workers=QUICK)

    async with release(newer(down=True)) as app:
        await app.send(Call(guest="ann"))
        await app.settle()
    async with release(desk_that_wakes()) as app:
        for _ in range(_TRIES):
            clock.advance(timedelta(minutes=10))
            await app.settle()
        (parked,) = [one async for one in app.processes.parked()]
        assert (parked.status, parked.attempts) == ("retrying", 1)
        assert parked.error.startswith(unread)
        assert f"of reaction/desk.answer waits for other code: {unread}" in caplog.text
    async with release(newer(down=False)) as app:
        clock.advance(timedelta(minutes=10))
        await app.settle()
        assert [type(one.event) for one in await app.events.read("bell-ann")] == [Rang]
        assert [one async for one in app.processes.parked()] == []


def teller(*, newer: bool, down: bool = False) -> Context:
    """A context with a process, of which a newer release has another version that is told of refusals.

    Args:
        down: whether no command is carried out.
    """
    context = Context("teller")

    @context.decides(Bell, id="guest")
    def ring(_command: Ring, bell: Bell) -> None:
        bell.record(Rang(guest=bell.id))

    @context.command
    async def note(_command: Note) -> None:
        if down:
            raise ConnectionError
        raise Full

    @context.process(key="guest", name="telling")
    def telling(_state: Rung | None, _event: Rang) -> Next[Rung] | Ignored:
        return IGNORE

    if newer:

        @context.process(key="guest", name="telling", version=2)
        def telling_anew(_state: Rung | None, event: Rang | CommandRefused) -> Next[Rung] | Ignored:
            if isinstance(event, CommandRefused):
                return Next(Rung(0)).end()
            return Next(Rung(1)).send(Note(guest=event.guest))

    return context


async def test_a_refusal_waits_for_the_code_that_has_the_version_of_its_instance() -> None:
    clock, log = ManualClock(), MemoryLog()

    def release(context: Context) -> App:
        return App(context, store=MemoryStore(clock=clock, log=log), clock=clock, workers=QUICK)

    async with release(teller(newer=True, down=True)) as app:
        await app.send(Ring(guest="ann"))
        await app.settle()
    async with release(teller(newer=False)) as app:
        for _ in range(_TRIES):
            clock.advance(timedelta(minutes=10))
            await app.settle()
        (parked,) = [one async for one in app.processes.parked()]
        assert (parked.status, parked.attempts) == ("retrying", 1)
        assert "is here in version 1 only" in parked.error
    async with release(teller(newer=True)) as app:
        clock.advance(timedelta(minutes=10))
        await app.settle()
        assert (await app.processes.show("telling", "ann")).status == "ended"
        assert [one async for one in app.processes.parked()] == []

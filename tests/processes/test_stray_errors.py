"""A cancellation that nobody asked for fails the step or the command it comes from, as any other error does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast

import pytest
from msgspec import Struct

from leftfold import App, Attempt, Command, Context, Next, Outcome, Repository, Retry, Saga, Steps, TimerDue, step
from leftfold.errors import AppendRefused, TableMissing
from leftfold.processes import CommandRefused, Ignored
from leftfold.store.limits import MAX_EVENT_BYTES
from tests.processes.grounds import WAIT_S, Ground, World
from tests.processes.test_timers import STAYING, Bell, marks
from tests.processes.watches import NotToday, Poke, Wait, Waited, Watch, watching

TWICE = Retry(attempts=2, first=timedelta(milliseconds=1))


async def stray() -> None:
    """Await a call that somebody else has cancelled."""
    call = asyncio.create_task(asyncio.sleep(WAIT_S))
    call.cancel()
    await call


class Straying(Saga):
    @step(retry=TWICE)
    async def one(self, world: World, attempt: Attempt) -> None:
        await world.call("one", attempt)

    @one.undo(retry=TWICE)
    async def unone(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("unone", attempt)
        if attempt.number == 1:
            await stray()

    @step(retry=TWICE)
    async def two(self, world: World, attempt: Attempt) -> None:
        await world.call("two", attempt)
        await stray()

    @two.undo
    async def untwo(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("untwo", attempt)


class Wandering(Saga):
    async def run(self, steps: Steps, world: World) -> None:
        async def one(attempt: Attempt) -> str:
            return await world.call("one", attempt)

        async def unone(_was: Outcome[str], attempt: Attempt) -> None:
            await world.call("unone", attempt)

        await steps.do("one", one, returns=str, undo=unone)
        await stray()


async def test_a_step_and_an_undo_that_stray_are_tried_again_and_the_saga_ends(ground: Ground) -> None:
    world, shop = World(), Context("shop")
    shop.saga(Straying)
    async with ground.app(shop, world=world) as app:
        await app.start(Straying(), id="1")
        view = await app.sagas.ended(Straying, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "two", "two", "untwo", "unone", "unone"])


async def test_a_function_that_strays_is_undone(ground: Ground) -> None:
    world, shop = World(), Context("shop")
    shop.saga(Wandering)
    async with ground.app(shop, world=world) as app:
        await app.start(Wandering(), id="1")
        view = await app.sagas.ended(Wandering, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "unone"])


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Raising(Saga):
    async def run(self, steps: Steps, error: Exception) -> None:
        raise error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("seat"), "KeyError: 'seat'"),
        (ValueError("a\0b"), "ValueError: a\\0b"),
        (ValueError("a\ud800"), "ValueError: a\\ud800"),
        (_Mute(), "Mute: (its text cannot be had: RuntimeError)"),
    ],
)
async def test_a_function_is_undone_whatever_the_text_of_its_error_and_says_why(error: Exception, reason: str) -> None:
    context = Context("shop")
    context.saga(Raising)
    async with App(context, store="memory:", provide={Exception: error}) as app:
        await app.start(Raising(), id="1")
        view = await app.sagas.ended(Raising, "1", timeout=WAIT_S)
    assert (view.status, view.reason) == ("compensated", reason)


class Telling(Saga):
    heard: str = ""

    @step(undoable=False)
    async def ask(self, answer: str, attempt: Attempt) -> None:
        if answer == "kept":
            self.heard = "a\0b"

    @step(undoable=False, retry=TWICE)
    async def tell(self, answer: str, attempt: Attempt) -> str:
        return "a\0b" if answer == "returned" else answer


class Naming(Saga):
    name: str

    async def run(self, steps: Steps) -> None:
        async def one(attempt: Attempt) -> None: ...

        await steps.do(self.name.replace("NUL", "\0"), one, undo=None)


class Bearing(Saga):
    name: str

    async def run(self, steps: Steps) -> None:
        await steps.child(self.name, Naming(name="one"))


@pytest.mark.parametrize(
    ("answer", "status"), [("returned", "compensated"), ("kept", "compensated"), ("fine", "completed")]
)
async def test_a_saga_ends_although_a_step_gives_what_no_store_keeps(answer: str, status: str) -> None:
    context = Context("shop")
    context.saga(Telling)
    async with App(context, store="memory:", provide={str: answer}) as app:
        await app.start(Telling(), id="1")
        view = await app.sagas.ended(Telling, "1", timeout=WAIT_S)
    assert view.status == status
    assert ("holds a NUL character" in (view.reason or "")) == (status == "compensated")


@pytest.mark.parametrize(
    ("saga", "reason"),
    [
        (Naming(name="NUL"), "its name holds a NUL character"),
        (Naming(name=""), "its name is empty"),
        (Bearing(name="x" * 500), "the id of its child has 519 UTF-8 bytes"),
    ],
)
async def test_a_saga_ends_although_a_step_has_a_name_that_no_store_keeps(saga: Saga, reason: str) -> None:
    context = Context("shop")
    context.saga(Naming)
    context.saga(Bearing)
    async with App(context, store="memory:") as app:
        await app.start(saga, id="1")
        view = await app.sagas.ended(type(saga), "1", timeout=WAIT_S)
    assert view.status == "compensated"
    assert reason in (view.reason or "")


class Hasty(Saga):
    async def run(self, steps: Steps, world: World) -> None:
        async def one(attempt: Attempt) -> None:
            await world.call("one", attempt)

        await steps.do("one", one, undo=None)
        two, three = steps.do("two", one, undo=None), steps.child("three", Naming(name="four"))
        assert len({id(two), id(three)}) == 2


async def test_a_function_that_does_not_await_a_step_is_undone_and_told_so() -> None:
    context, world = Context("shop"), World()
    context.saga(Hasty)
    async with App(context, store="memory:", provide={World: world}) as app:
        await app.start(Hasty(), id="1")
        view = await app.sagas.ended(Hasty, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one"])
    assert "step 'two' is not awaited" in (view.reason or "")
    assert "step 'three' is not awaited" in (view.reason or "")


class Forgetful(Saga):
    @step(undoable=False, retry=Retry(attempts=1))
    async def one(self, later: asyncio.Event) -> bool:
        return cast("bool", asyncio.ensure_future(later.wait()))  # and not awaited


async def test_a_step_that_does_not_await_what_it_calls_is_told_so() -> None:
    context, later = Context("shop"), asyncio.Event()
    context.saga(Forgetful)
    later.set()
    async with App(context, store="memory:", provide={asyncio.Event: later}) as app:
        await app.start(Forgetful(), id="1")
        view = await app.sagas.ended(Forgetful, "1", timeout=WAIT_S)
    assert view.status == "compensated"
    assert "what step 'one' returned: <Task" in (view.reason or "")
    assert "write await before it" in (view.reason or "")


class Astray(Bell):
    def ring(self, name: str) -> None:
        super().ring(name)
        if name == "red":
            raise asyncio.CancelledError


async def test_a_command_that_strays_every_time_is_kept_for_a_person(each_url: str) -> None:
    bell = Astray()
    async with App(watching(bell), store=each_url, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        for what in ("red", "blue"):
            await app.send(Poke(id="w", what=what))
        await app.settle()
        assert await marks(app) == ["blue"]
        (parked,) = [one async for one in app.processes.parked(statuses=("dead",))]
        assert (parked.kind, parked.attempts, bell.rung.count("red")) == ("command", 2, 2)


class Odd(BaseException):
    """No `Exception`."""


class Missing(Saga):
    """Meets what its store will never do."""

    error: str

    @step(retry=TWICE)
    async def one(self, watches: Repository[Watch]) -> None: ...

    @one.undo(retry=TWICE)
    async def unone(self, was: Outcome[None], world: World, watches: Repository[Watch]) -> None:
        world.cancelled.append("unone")
        self._meet()

    @step(retry=TWICE, undoable=False)
    async def two(self, world: World, watches: Repository[Watch]) -> None:
        world.cancelled.append("two")
        self._meet()

    def _meet(self) -> None:
        raise TableMissing("rows", 1, None) if self.error == "missing" else AppendRefused("too much", "54000")


@pytest.mark.parametrize("error", ["missing", "refused"])
async def test_a_step_that_meets_what_its_store_never_does_is_tried_as_often_as_it_may(
    ground: Ground, error: str
) -> None:
    world, shop = World(), Context("shop")
    shop.saga(Missing)
    async with ground.app(shop, world=world) as app:
        await app.start(Missing(error=error), id="1")
        view = await app.sagas.ended(Missing, "1", timeout=WAIT_S)
    assert (view.status, [one.status for one in view.steps]) == ("stuck", ["parked", "refused"])
    assert world.cancelled == ["two", "two", "unone", "unone"]


class Oddly(Saga):
    closes: bool

    @step(retry=TWICE)
    async def one(self, world: World, attempt: Attempt) -> None:
        await world.call("one", attempt)
        raise self.error

    @one.undo(retry=TWICE)
    async def unone(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("unone", attempt)
        if attempt.number == 1:
            raise self.error

    @property
    def error(self) -> type[BaseException]:
        return GeneratorExit if self.closes else Odd


@pytest.mark.parametrize("closes", [False, True], ids=["odd", "generator exit"])
async def test_a_step_and_an_undo_that_let_out_what_is_no_exception_are_tried_as_often_as_they_may(
    ground: Ground, closes: bool
) -> None:
    world, shop = World(), Context("shop")
    shop.saga(Oddly)
    async with ground.app(shop, world=world) as app:
        await app.start(Oddly(closes=closes), id="1")
        view = await app.sagas.ended(Oddly, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "one", "unone", "unone"])
    assert f"{'GeneratorExit' if closes else 'Odd'} came out, which is no Exception" in (view.reason or "")


class Fail(Command):
    id: str


class Night(Struct, frozen=True):
    id: str


def ringing(error: type[BaseException]) -> Context:
    """A process that lets *error* out at each timer and at each refusal."""
    club = watching(Bell())

    @club.process(key="id", name="night", retry=TWICE)
    def night(state: Night | None, event: Waited | TimerDue | CommandRefused) -> Next[Night] | Ignored:
        match state, event:
            case None, Waited(id=id):
                return Next(Night(id)).timer("dawn", timedelta(0)).send(Fail(id=id))
            case _:
                raise error

    @club.decides(Watch, id="id")
    def fail(_command: Fail, watch: Watch) -> None:
        raise NotToday(name=watch.id)

    return club


@pytest.mark.parametrize("error", [Odd, asyncio.CancelledError, GeneratorExit])
async def test_a_timer_and_a_refusal_at_which_a_process_lets_out_what_is_no_exception_wait_for_a_person(
    each_url: str, error: type[BaseException]
) -> None:
    async with App(ringing(error), store=each_url, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        async with asyncio.timeout(WAIT_S):
            await app.settle()
            while (await app.processes.show("night", "w")).status != "stuck":
                await app.settle()
        parked = [one async for one in app.processes.parked("night")]
    assert {(one.kind, one.status) for one in parked} == {("timer", "dead"), ("command", "dead")}


class Hoarding(Saga):
    """Each step gives what fits, and both do not."""

    @step(retry=TWICE)
    async def one(self, world: World, attempt: Attempt) -> str:
        await world.call("one", attempt)
        return "x" * (MAX_EVENT_BYTES * 2 // 3)

    @one.undo
    async def unone(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        await world.call("unone", attempt)

    @step(retry=TWICE, undoable=False)
    async def two(self, world: World, attempt: Attempt) -> str:
        await world.call("two", attempt)
        return "x" * (MAX_EVENT_BYTES * 2 // 3)


async def test_a_journal_that_outgrows_what_a_store_keeps_fails_the_step_and_is_undone() -> None:
    world, context = World(), Context("shop")
    context.saga(Hoarding)
    async with App(context, store="memory:", provide={World: world}) as app:
        await app.start(Hoarding(), id="1")
        view = await app.sagas.ended(Hoarding, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "two", "two", "unone"])
    assert "MAX_EVENT_BYTES" in str(view.steps[1].error)

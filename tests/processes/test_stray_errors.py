"""A cancellation that nobody asked for fails the step or the command it comes from, as any other error does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from leftfold import App, Attempt, Context, Outcome, Retry, Saga, Steps, step
from tests.processes.grounds import WAIT_S, Ground, World
from tests.processes.test_timers import STAYING, Bell, marks
from tests.processes.watches import Poke, Wait, watching

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

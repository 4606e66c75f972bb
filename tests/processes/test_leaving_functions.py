"""A function that has to wait is left, and called again, whatever it does on its way out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from leftfold import App, Attempt, Context, DomainError, Outcome, Retry, Saga, Steps
from leftfold.errors import StoreUnavailable
from leftfold.store.events import Appended
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import Revise
from leftfold.subscriptions.worker import Timing
from leftfold.testing import CrashRun, ManualClock, crash_everywhere
from tests.processes.grounds import WAIT_S, Ground, World

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

SOON = Retry(attempts=3, first=timedelta(milliseconds=1))


class No(DomainError):
    """Certainly not done."""


class Part(Saga):
    async def run(self, steps: Steps, world: World) -> None:
        await _do(steps, world, "part")


class Whole(Saga):
    """Has a step or a child, and one more on its way out."""

    how: str
    what: str = "one"

    async def run(self, steps: Steps, world: World) -> None:
        if self.how == "finally":
            try:
                await self._wait(steps, world)
            finally:
                await _do(steps, world, "last")
        elif self.how == "with":
            async with _closing(steps, world):
                await self._wait(steps, world)
        elif self.how == "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(self._wait(steps, world))
            await _do(steps, world, "last")
        else:
            try:
                await self._wait(steps, world)
            except BaseException as error:
                raise ValueError("instead") from error
            await _do(steps, world, "last")

    async def _wait(self, steps: Steps, world: World) -> None:
        if self.what == "child":
            await steps.child("child", Part())
        else:
            await _do(steps, world, "one")


class Odd(BaseException):
    """No `Exception`."""


class Raising(Saga):
    async def run(self, steps: Steps, world: World) -> None:
        await _do(steps, world, "one")
        raise Odd


@asynccontextmanager
async def _closing(steps: Steps, world: World) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await _do(steps, world, "last")


async def _do(steps: Steps, world: World, name: str) -> None:
    async def do(attempt: Attempt) -> str:
        return await world.call(name, attempt)

    async def undo(_was: Outcome[str], attempt: Attempt) -> None:
        await world.call(f"un{name}", attempt)

    await steps.do(name, do, returns=str, undo=undo, retry=SOON)


def _shop() -> Context:
    shop = Context("shop")
    for saga in (Part, Whole, Raising):
        shop.saga(saga)
    return shop


@pytest.mark.parametrize("what", ["one", "child"])
@pytest.mark.parametrize("how", ["finally", "with", "group", "instead"])
async def test_a_function_waits_for_what_is_to_be_tried_again_and_only_then_does_the_next(how: str, what: str) -> None:
    tried = "part" if what == "child" else "one"
    world = World(**{tried: [ConnectionError("cut")]})
    async with App(_shop(), store="memory:", provide={World: world}) as app:
        await app.start(Whole(how=how, what=what), id="1")
        view = await app.sagas.ended(Whole, "1", timeout=WAIT_S)
    assert (view.status, view.reason, world.names) == ("completed", None, [tried, tried, "last"])


@pytest.mark.parametrize("how", ["finally", "with"])
async def test_what_is_done_on_the_way_out_of_a_refusal_is_undone_with_the_rest(how: str) -> None:
    world = World(one=[No()])
    async with App(_shop(), store="memory:", provide={World: world}) as app:
        await app.start(Whole(how=how), id="1")
        view = await app.sagas.ended(Whole, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "last", "unlast"])


@pytest.mark.parametrize("how", ["finally", "with"])
async def test_what_is_in_doubt_is_undone_and_nothing_is_done_on_the_way_out(how: str) -> None:
    world = World(one=[ConnectionError("cut")] * 3)
    async with App(_shop(), store="memory:", provide={World: world}) as app:
        await app.start(Whole(how=how), id="1")
        view = await app.sagas.ended(Whole, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "one", "one", "unone"])


async def test_a_function_is_undone_whatever_it_lets_out(ground: Ground) -> None:
    world = World()
    async with ground.app(_shop(), world=world) as app:
        await app.start(Raising(), id="1")
        view = await app.sagas.ended(Raising, "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "unone"])
    assert "Odd came out" in (view.reason or "")


class _Failing(MemoryStore):
    """Does not answer one write of a saga.

    Args:
        failing: which one, counted from 1.
    """

    def __init__(self, failing: int) -> None:
        super().__init__()
        self._left = failing

    async def transact(self, transaction: Transaction) -> Appended | None:
        if any(isinstance(one, Revise) for one in transaction.writes):
            self._left -= 1
            if self._left == 0:
                raise StoreUnavailable("it does not answer")
        return await super().transact(transaction)


@pytest.mark.parametrize("failing", range(1, 6))
async def test_a_store_that_does_not_answer_for_a_moment_has_nothing_undone(failing: int) -> None:
    world = World()
    async with App(
        _shop(), store=_Failing(failing), workers=Timing(lease_s=0.5, poll_s=0.02), provide={World: world}
    ) as app:
        await app.start(Whole(how="finally", what="child"), id="1")
        view = await app.sagas.ended(Whole, "1", timeout=WAIT_S)
    assert (view.status, view.reason) == ("completed", None)
    assert list(dict.fromkeys(world.names)) == ["part", "last"]


async def test_a_function_that_is_killed_does_nothing_on_its_way_out() -> None:
    def check(world: World, run: CrashRun) -> None:
        assert run.view.status == "completed"
        assert list(dict.fromkeys(world.names)) == ["part", "last"]

    def build(world: World, store: Store, clock: ManualClock) -> App:
        return App(_shop(), store=store, clock=clock, workers=False, provide={World: world})

    for how in ("finally", "instead", "group"):
        assert len(await crash_everywhere(Whole(how=how, what="child"), World, build, check)) > 6

"""An app closes at once when nothing is under way, whatever its followers were about to do; it also does half open."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import cast

import pytest

from leftfold import Aggregate, App, Attempt, Context, ReadModel, Saga, Sender, applies, step
from leftfold.app.opening import close_all
from leftfold.errors import AccessDenied, DefinitionError, StoreClosed, StoreError
from leftfold.store import MemoryStore, Snapshot
from leftfold.store.tables import Table
from leftfold.subscriptions import Timing
from leftfold.subscriptions.parking import LETTERS
from leftfold.testing import ManualClock
from tests.app.shop import GetOpen, GetTurnover, Order, Ordered, Place, Till, Turnover, shop

_MOMENTS = (0, 1, 2, 3, 5, 8, 13, 21, 34)
_BOUND_S = 0.5
"""Half of what a worker waits between two looks, and of what an idle follower waits for news."""

_SOON_S = 5.0


class _Silent:
    def note(self, what: str) -> None:
        pass


def _app(url: str) -> App:
    return App(shop, store=url, provide={Till: _Silent()})


@pytest.mark.parametrize("moment", _MOMENTS)
async def test_an_app_closed_while_its_worker_looks_for_work_is_closed_at_once(each_url: str, moment: int) -> None:
    async with _app(each_url):
        for _ in range(moment):
            await asyncio.sleep(0)  # one turn of the loop further into the worker's first look
        began = perf_counter()
    assert perf_counter() - began < _BOUND_S


async def test_an_app_closed_while_its_followers_are_idle_is_closed_at_once(each_url: str) -> None:
    async with _app(each_url) as app:
        receipt = await app.send(Place(order="O-1"))
        await app.ask(GetOpen(order="O-1"), after=receipt)
        await app.ask(GetTurnover(), after=receipt)
        began = perf_counter()
    assert perf_counter() - began < _BOUND_S


def test_a_synchronous_app_is_closed_at_once(each_url: str) -> None:
    app = _app(each_url).sync()
    app.send(Place(order="O-1"))
    began = perf_counter()
    app.close()
    assert perf_counter() - began < _BOUND_S


class _Denying(MemoryStore):
    """A store whose role may not make the tables of followers."""

    async def prepare(self, table: Table, generation: int = 1) -> None:
        if table.name == LETTERS.name:
            raise AccessDenied("no", "ask the owner")
        await super().prepare(table, generation)


async def test_an_app_that_may_not_follow_says_so_and_is_closed() -> None:
    app = App(shop, store=_Denying(), provide={Till: _Silent()})
    with pytest.raises(AccessDenied) as refusal:
        await app.__aenter__()
    assert refusal.value.reason == "no"
    with pytest.raises(StoreClosed):
        app.events  # noqa: B018 - it is not open


def test_an_app_whose_loop_has_ended_says_that_nothing_is_left_to_be_closed_and_opens_again() -> None:
    app = _app("memory:")
    asyncio.run(app.__aenter__())
    with pytest.raises(DefinitionError, match="the event loop that this App was opened on is closed"):
        asyncio.run(app.__aexit__(None, None, None))

    async def place() -> int:
        async with app:
            return (await app.send(Place(order="O-1"))).position

    assert asyncio.run(place()) == 1


def test_an_app_whose_loop_stands_still_is_not_closed_on_another_and_stays_open(each_url: str) -> None:
    app = _app(each_url)
    with asyncio.Runner() as runner:
        runner.run(app.__aenter__())
        with pytest.raises(DefinitionError, match="closed on the event loop that it was opened on"):
            asyncio.run(app.__aexit__(None, None, None))
        assert runner.run(app.send(Place(order="O-1"))).position == 1
        runner.run(app.__aexit__(None, None, None))


def test_an_app_of_a_lost_loop_that_does_not_open_again_says_why(tmp_path: Path) -> None:
    (disk := tmp_path / "disk").mkdir()
    app = App(shop, Context("till"), store=f"sqlite:///{disk}/{{context}}.db", provide={Till: _Silent()})
    asyncio.run(app.__aenter__())
    disk.rename(tmp_path / "gone")
    with pytest.raises(StoreError, match=r"shop\.db"):
        asyncio.run(app.__aenter__())


class _Stuck(MemoryStore):
    """A store that never answers who saves a snapshot."""

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        await asyncio.Event().wait()


class _Tally(Aggregate[Ordered], snapshot_every=1):
    @applies
    def _ordered(self, event: Ordered) -> None:
        pass


async def test_an_app_waits_for_snapshots_no_longer_than_for_what_is_under_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with App(_Tally, store=_Stuck(), workers=Timing(grace_s=0.05)) as app:
        await app.repository(_Tally).edit("1", _Tally.record, Ordered(order="1", text="", tags=[], cents=0))
        began = perf_counter()
    assert perf_counter() - began < _BOUND_S
    assert "snapshots of app were not saved" in caplog.text


class _Gate:
    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


def _gated() -> Context:
    context = Context("gated")

    @context.decides(Order, id="order")
    def place(command: Place, order: Order) -> None:
        order.place(command.text, [], 0)

    @context.on(Ordered)
    async def place_another(event: Ordered, gate: _Gate, sender: Sender, attempt: Attempt) -> None:
        gate.reached.set()
        await gate.opened.wait()
        if event.order == "O-1":
            await sender.send(Place(order="O-2"), id=attempt.key)

    @context.projection(key=None)
    def turnover(row: Turnover | None, event: Ordered) -> Turnover:
        return Turnover(event.cents + (row.cents if row else 0))

    @context.query(cache=timedelta(minutes=1))
    async def get_turnover(_query: GetTurnover, rows: ReadModel[Turnover]) -> Turnover | None:
        return await rows.get()

    return context


async def test_what_is_being_finished_while_an_app_closes_sends_its_commands() -> None:
    store, gate = MemoryStore(), _Gate()
    async with App(_gated(), store=store, provide={_Gate: gate}) as app:
        await app.send(Place(order="O-1"))
        await gate.reached.wait()
        asyncio.get_running_loop().call_later(0.01, gate.opened.set)
    page = await store.read_log()
    assert [event.stream for event in page.events] == ["order-O-1", "order-O-2"]
    with pytest.raises(StoreClosed):
        await app.send(Place(order="O-3"))


async def test_an_app_whose_closing_is_cancelled_closes_its_stores_all_the_same(each_url: str) -> None:
    gate = _Gate()
    app = App(_gated(), store=each_url, provide={_Gate: gate})
    await app.__aenter__()
    events = app.events
    await app.send(Place(order="O-1"))
    await gate.reached.wait()
    closing = asyncio.create_task(app.__aexit__(None, None, None))
    await asyncio.sleep(0.01)
    closing.cancel()
    with suppress(asyncio.CancelledError):
        await closing
    with pytest.raises(StoreClosed):
        await events.read_log()
    gate.opened.set()
    async with asyncio.timeout(10.0):
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)


class _Slow(MemoryStore):
    """A store whose server is slow to say goodbye."""

    async def close(self) -> None:
        await asyncio.sleep(_SOON_S)


async def test_of_several_stores_each_is_closed_although_the_closing_of_one_is_cut_off() -> None:
    first, second = _Slow(), MemoryStore()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await close_all([first, second])
    with pytest.raises(StoreClosed):
        await second.head()


class _Pressed(ManualClock):
    """A clock at which Ctrl-C is pressed the first time that somebody looks."""

    pressed = False

    def now(self) -> datetime:
        if not self.pressed:
            self.pressed = True
            signal.raise_signal(signal.SIGINT)
        return super().now()


def test_a_synchronous_app_that_is_interrupted_when_it_has_just_opened_is_open() -> None:
    app = App(shop, store="memory:", provide={Till: _Silent()}, clock=_Pressed()).sync()
    with pytest.raises(KeyboardInterrupt), app:
        pass
    app.send(Place(order="O-1"))
    assert len(app.events.read("order-O-1")) == 1
    app.close()


def test_a_synchronous_app_whose_closing_is_interrupted_opens_again_at_the_next_call(each_url: str) -> None:
    context, reached, closing = Context("interrupted"), threading.Event(), threading.Event()

    @context.decides(Order, id="order")
    def place(command: Place, order: Order) -> None:
        order.place(command.text, [], 0)

    @context.on(Ordered)
    async def interrupt(_event: Ordered) -> None:
        if reached.is_set():
            return
        reached.set()
        while not closing.is_set():
            await asyncio.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    app, before = App(context, store=each_url).sync(), set(threading.enumerate())
    app.send(Place(order="O-1"))
    assert reached.wait(_SOON_S)
    closing.set()
    with pytest.raises(KeyboardInterrupt):
        app.close()
    assert set(threading.enumerate()) <= before
    app.send(Place(order="O-2"))
    assert len(app.events.read("order-O-2")) == 1
    app.close()


def _sold() -> Context:
    context = Context("sold")

    @context.saga
    class Sell(Saga):
        @step(undoable=False)
        async def sell(self, till: Till) -> None:
            till.note("sold")

    return context


@pytest.mark.parametrize("context", [shop, _sold()], ids=["followers", "sagas"])
async def test_an_app_that_a_task_leaves_as_it_is_cancelled_leaves_no_task(context: Context) -> None:
    async def leave() -> None:
        async with App(context, store="memory:", provide={Till: _Silent()}):
            cast("asyncio.Task[None]", asyncio.current_task()).cancel()

    leaving = asyncio.create_task(leave())
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    async with asyncio.timeout(_SOON_S):
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left)

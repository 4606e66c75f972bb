"""The shop: whatever its gateway and its carrier do, an order is paid for and sent, or nothing of it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from examples.shop.carrier import SandboxCarrier
from examples.shop.gateway import SandboxGateway
from examples.shop.orders import CancelOrder, PlaceOrder
from examples.shop.orders.order import OrderCompleted
from examples.shop.orders.terms import RunBy
from examples.shop.sandbox import Mood
from examples.shop.system import CONTEXTS, Shop, shop
from examples.tour.shops import IMPATIENT, Wanted, happened, placed, saga_of, stores_beside, submitted, wanted
from leftfold import App, StreamName
from leftfold.store import MemoryStore, Store
from leftfold.testing import CrashRun, ManualClock, crash_everywhere
from tests.examples.commands import python, start


@pytest.fixture
async def opened(store: str) -> AsyncIterator[Shop]:
    async with Shop(await stores_beside(store), patience=IMPATIENT) as opened:
        yield opened


async def paid(opened: Shop, order: Wanted, attempt: int = 1) -> list[str]:
    return await opened.gateway.deeds(f"{order.order_id}/{attempt}")


async def became(opened: Shop, order: Wanted) -> list[str]:
    """What happened to the order itself."""
    return [one.type for one in await happened(opened, "orders", StreamName("order", order.order_id))]


@pytest.mark.parametrize("run_by", ["saga", "events", "process"])
async def test_an_order_is_paid_once_and_sent_once_by_whoever_runs_it_and_nobody_else(
    opened: Shop, run_by: RunBy
) -> None:
    order = await wanted(opened.app)
    opened.gateway.told(order.order_id, Mood.TWICE)
    opened.carrier.told(order.order_id, Mood.TWICE)
    await submitted(opened.app, order, run_by)
    await opened.app.settle(timeout=60.0)
    assert await became(opened, order) == ["OrderPlaced", "OrderCompleted"]
    assert await paid(opened, order) == ["Performed"]
    assert await opened.carrier.deeds(order.order_id) == ["Performed"]
    sagas = [view.status async for view in opened.app.sagas.find()]
    processes = [view.status async for view in opened.app.processes.find()]
    assert (sagas, processes) == (["completed"] * (run_by == "saga"), ["ended"] * (run_by == "process"))
    assert [one async for one in opened.app.processes.parked()] == []


@pytest.mark.parametrize("run_by", ["saga", "events"])
async def test_an_order_that_cannot_be_paid_gives_back_what_it_held_and_nothing_else(
    opened: Shop, run_by: RunBy
) -> None:
    order = await wanted(opened.app)
    opened.gateway.told(order.order_id, Mood.REFUSES)
    await submitted(opened.app, order, run_by)
    await opened.app.settle(timeout=60.0)
    assert await became(opened, order) == ["OrderPlaced", "OrderCancelled"]
    assert await paid(opened, order) == []
    assert await opened.carrier.deeds(order.order_id) == []
    again = Wanted(f"{order.order_id}.again", order.items)
    assert (await placed(opened, again)).status == "completed"


@pytest.mark.parametrize("run_by", ["saga", "events", "process"])
async def test_an_order_that_cannot_be_sent_gets_its_money_back(opened: Shop, run_by: RunBy) -> None:
    order = await wanted(opened.app)
    opened.carrier.told(order.order_id, Mood.REFUSES)
    await submitted(opened.app, order, run_by)
    await opened.app.settle(timeout=60.0)
    told = ["CustomerTold"] * (run_by == "process")
    assert sorted(await became(opened, order)) == [*told, "OrderCancelled", "OrderPlaced"]
    assert await paid(opened, order) == ["Performed", "Undone"]


def test_a_person_orders_and_looks_why_it_came_to_nothing(tmp_path: Path) -> None:
    stores = f"sqlite:///{tmp_path}/{{context}}.db"
    ran = python("-m", "examples.shop", "--run-by", "events", "--carrier", "refuses", store=stores)
    assert ran.returncode == 0, ran.stderr
    assert [line.split()[1] for line in ran.stdout.splitlines() if line.startswith(" payment")] == [
        "PaymentProcessed",
        "PaymentRefunded",
    ]
    became, gateway, carrier, why = ran.stdout.splitlines()[-4:]
    order_id, _, status = became.partition(" is ")
    assert (status, gateway, carrier) == ("cancelled.", "The gateway: Performed, Undone.", "The carrier: nothing.")
    _, _, command = why.partition("leftfold ")
    told = python("-m", "leftfold", *command.split(), store=stores)
    assert (told.returncode, order_id in told.stdout, "PaymentRefunded" in told.stdout) == (0, True, True), told.stderr


async def test_an_order_for_more_than_there_is_takes_nothing_from_any_shelf(opened: Shop) -> None:
    plenty, scarce = await wanted(opened.app, there=10), await wanted(opened.app, there=1)
    both = Wanted(f"{plenty.order_id}.both", plenty.items | scarce.items)
    view = await placed(opened, both)
    assert view.status == "compensated"
    assert f"short of {' '.join(scarce.items)}" in (view.reason or "")
    assert await paid(opened, both) == []
    (product,) = plenty.items
    shelf = await happened(opened, "inventory", StreamName("shelf", f"main/{product}"))
    assert [one.type for one in shelf] == ["StockReceived"]


async def test_a_payment_that_arrives_when_it_was_given_up_takes_no_money(opened: Shop) -> None:
    order = await wanted(opened.app)
    opened.gateway.told(order.order_id, Mood.LATE)
    view = await placed(opened, order)
    assert [(one.name, one.status, one.tries) for one in view.steps] == [
        ("reserve_inventory", "undone", 1),
        ("process_payment", "undone", 3),
    ]
    await opened.gateway.catch_up()
    assert await paid(opened, order) == ["Forbidden"]


async def test_a_payment_whose_answer_is_lost_is_given_back(opened: Shop) -> None:
    order = await wanted(opened.app)
    opened.gateway.told(order.order_id, Mood.UNHEARD)
    assert (await placed(opened, order)).status == "compensated"
    assert await paid(opened, order) == ["Performed", "Undone"]


async def test_an_undo_that_was_parked_is_done_when_a_person_says_so(opened: Shop) -> None:
    order = await wanted(opened.app)
    opened.carrier.told(order.order_id, Mood.REFUSES)
    opened.gateway.told(order.order_id, *[Mood.BREAKS] * 3, Mood.OBEYS, when="undoing")
    assert (await placed(opened, order)).status == "stuck"
    assert await paid(opened, order) == ["Performed"]
    id = await saga_of(opened, order)
    await opened.app.sagas.retry(PlaceOrder, id, who="ann", why="the gateway answers again")
    view = await opened.app.sagas.ended(PlaceOrder, id)
    assert view.status == "compensated"
    assert await paid(opened, order) == ["Performed", "Undone"]
    assert [(one.who, one.verb) for one in view.interventions] == [("ann", "retry")]


async def test_a_customer_who_cancels_while_a_payment_is_under_way_never_pays(opened: Shop) -> None:
    order = await wanted(opened.app)
    opened.gateway.told(order.order_id, Mood.LATE)
    await submitted(opened.app, order, "events")
    await opened.app.settle(timeout=60.0)
    await opened.app.send(CancelOrder(order_id=order.order_id, reason="changed my mind"))
    await opened.app.settle(timeout=60.0)
    await opened.gateway.catch_up()
    assert await paid(opened, order) == ["Forbidden"]
    again = Wanted(f"{order.order_id}.again", order.items)
    assert (await placed(opened, again)).status == "completed"


async def test_a_worker_in_another_process_carries_orders_through(tmp_path: Path) -> None:
    stores = f"sqlite:///{tmp_path}/shop_{{context}}.db"
    async with Shop(stores, workers=False) as opened:
        orders = [await wanted(opened.app) for _ in range(3)]
        for order, run_by in zip(orders, get_args(RunBy), strict=True):
            await submitted(opened.app, order, run_by)
        with start("-m", "leftfold", "work", "--app", "examples.shop.system:app", store=stores) as worker:
            try:
                await completed(opened, orders)
            finally:
                worker.terminate()
                worker.communicate()
        for order in orders:
            assert await paid(opened, order) == ["Performed"]


async def completed(shop: Shop, orders: Sequence[Wanted]) -> None:
    """Wait until all of them are."""
    left = {order.order_id for order in orders}
    async with asyncio.timeout(60):
        async for page in shop.app.running("orders").loader.events.follow(category="order"):
            left -= {one.event.order_id for one in page.events if isinstance(one.event, OrderCompleted)}
            if not left:
                return


class World:
    """What outlives a kill: the other contexts, the gateway and the carrier."""

    def __init__(self) -> None:
        self.stores = {one.name: MemoryStore() for one in CONTEXTS[1:]}
        self.gateway = SandboxGateway(MemoryStore())
        self.carrier = SandboxCarrier(MemoryStore())

    def shop(self, store: Store, clock: ManualClock) -> App:
        stores = {CONTEXTS[0].name: store, **self.stores}
        return shop(stores, self.gateway, self.carrier, workers=False, clock=clock)


@pytest.mark.parametrize("mood", [Mood.OBEYS, Mood.REFUSES, Mood.BREAKS])
async def test_an_order_is_sent_if_and_only_if_it_is_paid_wherever_its_saga_is_killed(mood: Mood) -> None:
    deeds: list[tuple[World, CrashRun]] = []

    def world() -> World:
        made = World()
        made.carrier.told("O-1", mood)
        return made

    saga = PlaceOrder(order_id="O-1", items={}, total=Decimal(100))
    await crash_everywhere(saga, world, World.shop, lambda world, run: deeds.append((world, run)))
    for made, run in deeds:
        money, parcel = await made.gateway.deeds("O-1/1"), await made.carrier.deeds("O-1")
        assert run.view.status == ("completed" if mood is Mood.OBEYS else "compensated")
        assert money == (["Performed"] if mood is Mood.OBEYS else ["Performed", "Undone"])
        assert "Performed" not in parcel or mood is Mood.OBEYS

"""The process of an order, over a day that a test moves on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from examples.shop.inventory import InventoryReservationFailed, InventoryReserved, ReceiveStock, ReserveInventory
from examples.shop.orders import Fulfilment, FulfilmentEvent, Terms, fulfilment
from examples.shop.orders.order import CustomerTold, OrderCancelled, OrderPlaced
from examples.shop.payment import CancelPayment, PaymentFailed, PaymentProcessed, ProcessPayment
from examples.shop.sandbox import Mood
from examples.shop.shipping import OrderShipped, ShipOrder
from examples.shop.system import Shop
from examples.tour.shops import Wanted, fulfilled, happened, submitted, wanted
from leftfold import IGNORE, Next, StreamName, TimerDue
from leftfold.subscriptions import Timing
from leftfold.testing import ManualClock

HOUR = timedelta(hours=1)
PLACED = OrderPlaced(
    order_id="O-1", customer="C-1", items={"P-1": 2}, total=Decimal(100), run_by="process", terms=Terms()
)
PAID = PaymentProcessed(order_id="O-1", attempt=1, ship=False)


def after(*events: FulfilmentEvent) -> Next[Fulfilment]:
    """What the last of these events leads to."""
    first, *rest = events
    following = fulfilment(None, first)
    for event in rest:
        assert isinstance(following, Next)
        following = fulfilment(following.state, event)
    assert isinstance(following, Next), f"{events[-1]} is ignored"
    return following


def test_an_order_that_another_runs_is_none_of_its_business() -> None:
    assert (
        fulfilment(None, OrderPlaced(order_id="O-1", customer="", items={}, total=Decimal(1), run_by="saga")) == IGNORE
    )


def test_every_attempt_to_pay_asks_for_the_same_and_has_a_time_of_its_own() -> None:
    refused = [PaymentFailed(order_id="O-1", attempt=attempt, reason="no") for attempt in (1, 2, 3)]
    for attempt in (1, 2, 3):
        asked = after(PLACED, *refused[: attempt - 1])
        assert asked.commands == (ProcessPayment(order_id="O-1", amount=Decimal(100), attempt=attempt),)
        assert asked.timers == (("payment", timedelta(seconds=30)),)
    failed = after(PLACED, *refused)
    assert (failed.state.status, failed.ended) == ("failed", True)
    assert [type(command).__name__ for command in failed.commands] == ["CancelOrder", "TellCustomer"]


def test_a_payment_that_is_overdue_is_undone_before_the_next_one_is_asked_for() -> None:
    overdue = after(PLACED, TimerDue(name="payment"))
    assert overdue.commands == (CancelPayment(order_id="O-1", attempt=1),)
    assert fulfilment(overdue.state, PAID) == IGNORE
    again = fulfilment(overdue.state, PaymentFailed(order_id="O-1", attempt=1, reason="cancelled"))
    assert isinstance(again, Next)
    assert again.commands == (ProcessPayment(order_id="O-1", amount=Decimal(100), attempt=2),)


def test_what_the_first_warehouse_lacks_is_asked_of_the_next() -> None:
    short = InventoryReservationFailed(order_id="O-1", warehouse="main", reason="short")
    elsewhere = after(PLACED, PAID, short)
    assert elsewhere.commands == (ReserveInventory(order_id="O-1", items={"P-1": 2}, warehouse="alternate"),)
    assert fulfilment(elsewhere.state, short) == IGNORE
    held = InventoryReserved(order_id="O-1", warehouse="alternate", collect=None)
    assert after(PLACED, PAID, short, held).commands == (ShipOrder(order_id="O-1", warehouse="alternate"),)
    assert after(PLACED, PAID, short, held, OrderShipped(order_id="O-1")).state.status == "completed"


@pytest.mark.parametrize(
    ("events", "undone"),
    [
        ((), ["CancelPayment"]),
        ((PAID,), ["ReleaseInventory", "CancelPayment"]),
        (
            (PAID, InventoryReserved(order_id="O-1", warehouse="main", collect=None)),
            ["CancelShipment", "ReleaseInventory", "CancelPayment"],
        ),
    ],
)
def test_a_cancelled_order_undoes_what_was_begun(events: tuple[FulfilmentEvent, ...], undone: list[str]) -> None:
    cancelled = OrderCancelled(order_id="O-1", run_by="process", broke_at="customer", reason="")
    following = after(PLACED, *events, cancelled)
    assert [type(command).__name__ for command in following.commands] == undone
    assert following.ended


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def shop(clock: ManualClock) -> AsyncIterator[Shop]:
    patience, staying = timedelta(milliseconds=50), Timing(lease_s=1_000_000.0)
    async with Shop("memory:", patience=patience, workers=staying, clock=clock) as shop:
        yield shop


async def pass_time(shop: Shop, clock: ManualClock, time: timedelta) -> None:
    clock.advance(time)
    await shop.app.settle()


async def told(shop: Shop, order: Wanted) -> list[str]:
    events = [one.event for one in await happened(shop, "orders", StreamName("order", order.order_id))]
    return [event.text for event in events if isinstance(event, CustomerTold)]


async def test_an_order_that_nobody_has_is_looked_for_every_hour_for_a_day_and_then_the_customer_is_told(
    shop: Shop, clock: ManualClock
) -> None:
    order = await wanted(shop.app, there=1)
    await submitted(shop.app, order, "process")
    await shop.app.settle()
    for hours in range(24):
        state = await fulfilled(shop, order.order_id)
        assert (state.status, state.restocks) == ("out_of_stock", hours)
        assert await told(shop, order) == []
        await pass_time(shop, clock, HOUR)
    assert (await fulfilled(shop, order.order_id)).status == "failed"
    assert await told(shop, order) == ["We are sorry: it is out of stock."]
    assert await shop.gateway.deeds(f"{order.order_id}/1") == ["Performed", "Undone"]


async def test_goods_that_come_during_the_day_are_sent(shop: Shop, clock: ManualClock) -> None:
    order = await wanted(shop.app, there=1)
    await submitted(shop.app, order, "process")
    await shop.app.settle()
    await pass_time(shop, clock, HOUR)
    (product,) = order.items
    await shop.app.send(ReceiveStock(warehouse="alternate", product=product, quantity=2))
    await pass_time(shop, clock, HOUR)
    assert (await fulfilled(shop, order.order_id)).status == "completed"
    assert await shop.gateway.deeds(f"{order.order_id}/1") == ["Performed"]


async def test_three_payments_that_nobody_answers_are_each_undone_and_end_the_order(
    shop: Shop, clock: ManualClock
) -> None:
    order = await wanted(shop.app)
    shop.gateway.told(order.order_id, Mood.LATE)
    await submitted(shop.app, order, "process")
    await shop.app.settle()
    for attempt in (1, 2, 3):
        await pass_time(shop, clock, timedelta(seconds=29))
        state = await fulfilled(shop, order.order_id)
        assert (state.status, state.attempt) == ("payment_pending", attempt)
        await pass_time(shop, clock, timedelta(seconds=1))
    assert (await fulfilled(shop, order.order_id)).status == "failed"
    await shop.gateway.catch_up()
    for attempt in (1, 2, 3):
        assert await shop.gateway.deeds(f"{order.order_id}/{attempt}") == ["Forbidden"]
    assert await told(shop, order) == ["We are sorry: it was not paid."]

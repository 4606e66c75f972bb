"""A whole order: payment, inventory, shipping, and every way that it can go otherwise; on each kind of store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from leftfold import App
from leftfold.messages.metadata import Metadata
from tests.processes.orders import (
    Decline,
    OrderCancelled,
    OrderShipped,
    Pay,
    PaymentRequested,
    Place,
    Refunded,
    fulfilment,
    shop,
)
from tests.processes.seeing import kinds, log, parked, status, the_state, timers


@pytest.fixture
async def app(each_url: str) -> AsyncIterator[App]:
    async with App(shop, store=each_url) as app:
        yield app


async def test_an_order_that_is_paid_is_reserved_and_shipped(app: App) -> None:
    await app.send(Place(order_id="A"))
    await app.settle()
    assert (await status(app, "A"), await timers(app)) == ("waiting", [("A", "payment")])
    await app.send(Pay(order_id="A"))
    await app.settle()
    assert (await status(app, "A"), (await the_state(app, "A")).status) == ("ended", "shipped")
    assert await timers(app) == []
    assert await log(app) == ["OrderPlaced", "PaymentRequested", "PaymentReceived", "StockReserved", "OrderShipped"]
    assert await kinds(app, "A") == [
        ("applied", "OrderPlaced"),
        ("applied", "PaymentReceived"),
        ("applied", "StockReserved"),
        ("applied", "OrderShipped"),
    ]
    assert await parked(app) == []


async def test_three_payments_that_fail_cancel_the_order(app: App) -> None:
    await app.send(Place(order_id="A", amount=Decimal("12.34")))
    for _ in range(3):
        await app.settle()
        await app.send(Decline(order_id="A"))
    await app.settle()
    events = [recorded.event for recorded in (await app.events.read_log()).events]
    asked = [event for event in events if isinstance(event, PaymentRequested)]
    assert [(event.attempt, event.amount) for event in asked] == [(n, Decimal("12.34")) for n in (1, 2, 3)]
    assert events[-1] == OrderCancelled(order_id="A", reason="unpaid")
    assert (await the_state(app, "A")).status == "unpaid"


async def test_what_one_warehouse_refuses_the_other_one_sends(app: App) -> None:
    await app.send(Place(order_id="A", item="rare tea"))
    await app.send(Pay(order_id="A"))
    await app.settle()
    last = (await app.events.read_log()).events[-1].event
    assert last == OrderShipped(order_id="A", warehouse="south")
    assert ("refused", "Reserve") in await kinds(app, "A")
    assert await parked(app) == []


async def test_what_no_warehouse_has_is_refunded_as_it_was_paid(app: App) -> None:
    await app.send(Place(order_id="A", item="nothing"))
    await app.send(Pay(order_id="A", amount=Decimal("7.05")))
    await app.settle()
    events = {type(recorded.event): recorded.event for recorded in (await app.events.read_log()).events}
    assert events[Refunded] == Refunded(order_id="A", amount=Decimal("7.05"))
    assert events[OrderCancelled] == OrderCancelled(order_id="A", reason="sold out")
    assert await status(app, "A") == "ended"


async def test_an_event_in_the_wrong_state_is_ignored_and_noted(app: App) -> None:
    await app.send(Place(order_id="A"))
    await app.send(Place(order_id="A"))
    await app.settle()
    assert await kinds(app, "A") == [("applied", "OrderPlaced"), ("ignored", "OrderPlaced")]
    assert (await app.processes.show("fulfilment", "A")).transitions == 1
    assert (await log(app)).count("PaymentRequested") == 1


async def test_an_event_for_a_process_that_has_ended_begins_no_new_one(app: App) -> None:
    await app.send(Place(order_id="A"))
    await app.send(Pay(order_id="A"))
    await app.settle()
    await app.send(Place(order_id="A"))
    await app.settle()
    view = await app.processes.show("fulfilment", "A")
    assert (view.status, view.transitions) == ("ended", 4)
    assert (view.journal[-1].kind, view.journal[-1].note) == ("ignored", "it has ended")
    assert (await log(app)).count("PaymentRequested") == 1


async def test_commands_carry_on_the_correlation_and_name_their_cause_and_their_process(app: App) -> None:
    metadata = Metadata(correlation_id="request 7", tenant="acme")
    await app.send(Place(order_id="A"), metadata=metadata)
    await app.settle()
    placed, asked = (await app.events.read_log()).events
    assert (asked.metadata.correlation_id, asked.metadata.tenant) == ("request 7", "acme")
    assert asked.metadata.causation_id == str(placed.id)
    assert asked.metadata.extra == {"process": "process/shop.fulfilment/A", "key": "A"}
    assert asked.metadata.actor == "process/shop.fulfilment"


async def test_many_orders_each_have_their_own_instance(app: App) -> None:
    for number in range(30):
        await app.send(Place(order_id=f"{number}", item="rare tea" if number % 3 == 0 else "tea"))
        if number % 2:
            await app.send(Pay(order_id=f"{number}"))
    await app.settle(timeout=30.0)
    views = [view async for view in app.processes.find("fulfilment")]
    assert len(views) == 30
    assert {view.key: view.status for view in views} == {
        f"{number}": "ended" if number % 2 else "waiting" for number in range(30)
    }
    assert (await log(app)).count("OrderShipped") == 15


def test_the_function_stays_a_function() -> None:
    assert fulfilment.__name__ == "fulfilment"

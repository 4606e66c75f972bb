"""The shop: whatever its gateway and its carrier do, an order is paid for and sent, or nothing of it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from examples.shop.orders import PlaceOrder
from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import IMPATIENT, Wanted, stores_beside, wanted
from leftfold.processes import SagaView


@pytest.fixture
async def shop(store: str) -> AsyncIterator[Shop]:
    async with Shop(await stores_beside(store), patience=IMPATIENT) as shop:
        yield shop


async def placed(shop: Shop, order: Wanted) -> SagaView:
    saga = PlaceOrder(order_id=order.order_id, items=order.items, total=order.total)
    await shop.app.start(saga, id=order.order_id)
    return await shop.app.sagas.ended(PlaceOrder, order.order_id)


async def paid(shop: Shop, order: Wanted) -> list[str]:
    return await shop.gateway.deeds(f"{order.order_id}/1")


async def test_a_saga_that_completes_has_asked_each_service_once(shop: Shop) -> None:
    order = await wanted(shop.app)
    assert (await placed(shop, order)).status == "completed"
    assert await paid(shop, order) == ["Performed"]
    assert await shop.carrier.deeds(order.order_id) == ["Performed"]


async def test_what_a_saga_gave_back_is_there_for_the_next_order(shop: Shop) -> None:
    order = await wanted(shop.app)
    shop.gateway.told(order.order_id, Mood.REFUSES)
    assert (await placed(shop, order)).status == "compensated"
    assert await shop.carrier.deeds(order.order_id) == []
    again = Wanted(f"{order.order_id}.again", order.items)
    assert (await placed(shop, again)).status == "completed"
    late = Wanted(f"{order.order_id}.late", order.items)
    short = await placed(shop, late)
    assert short.status == "compensated"
    assert "short of PROD-001" in (short.reason or "")
    assert await paid(shop, late) == []


async def test_a_payment_that_arrives_when_it_was_given_up_takes_no_money(shop: Shop) -> None:
    order = await wanted(shop.app)
    shop.gateway.told(order.order_id, Mood.LATE)
    view = await placed(shop, order)
    assert [(one.name, one.status, one.tries) for one in view.steps] == [
        ("reserve_inventory", "undone", 1),
        ("process_payment", "undone", 3),
    ]
    await shop.gateway.catch_up()
    assert await paid(shop, order) == ["Forbidden"]


async def test_a_payment_whose_answer_is_lost_is_given_back(shop: Shop) -> None:
    order = await wanted(shop.app)
    shop.gateway.told(order.order_id, Mood.UNHEARD)
    assert (await placed(shop, order)).status == "compensated"
    assert await paid(shop, order) == ["Performed", "Undone"]


async def test_a_call_that_arrives_twice_takes_the_money_once(shop: Shop) -> None:
    order = await wanted(shop.app)
    shop.gateway.told(order.order_id, Mood.TWICE)
    assert (await placed(shop, order)).status == "completed"
    assert await paid(shop, order) == ["Performed"]


async def test_an_undo_that_was_parked_is_done_when_a_person_says_so(shop: Shop) -> None:
    order = await wanted(shop.app)
    shop.carrier.told(order.order_id, Mood.REFUSES)
    shop.gateway.told(order.order_id, *[Mood.BREAKS] * 3, Mood.OBEYS, when="undoing")
    assert (await placed(shop, order)).status == "stuck"
    assert await paid(shop, order) == ["Performed"]
    await shop.app.sagas.retry(PlaceOrder, order.order_id, who="ann", why="the gateway answers again")
    view = await shop.app.sagas.ended(PlaceOrder, order.order_id)
    assert view.status == "compensated"
    assert await paid(shop, order) == ["Performed", "Undone"]
    assert [(one.who, one.verb) for one in view.interventions] == [("ann", "retry")]

"""Process manager timeouts.

A timer is part of the state: it is stored with it, outlives every process, and fires once, however many workers look
for what is due. What was recorded before it is due is handed in first, so a payment in time wins. A timer that was
cancelled does not fire. Here two shops work on the same stores; one order is paid in time, and one is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from examples.shop.orders import Terms
from examples.shop.orders.order import CustomerTold
from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import IMPATIENT, Wanted, fulfilled, stores_beside, submitted, wanted

FIGURES: Mapping[str, object] = {"payment_timeout": True, "fired": 1, "cancelled_timer_fired": 0}

_TERMS = Terms(pay_within=timedelta(seconds=3), attempts=1)


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    stores = await stores_beside(store)
    async with Shop(stores, patience=IMPATIENT) as shop, Shop(stores, patience=IMPATIENT) as other:
        in_time, late = [await wanted(shop.app) for _ in range(2)]
        for each in (shop, other):
            each.gateway.told(late.order_id, Mood.HANGS)
        for order in (in_time, late):  # so the timer of the first one was due before that of the second
            await submitted(shop.app, order, "process", _TERMS)
        await _told(shop, late)
        return {
            "payment_timeout": (await fulfilled(shop, late.order_id)).status == "failed",
            "fired": len(await _fired(shop, late)),
            "cancelled_timer_fired": len(await _fired(shop, in_time)),
        }


async def _fired(shop: Shop, order: Wanted) -> Sequence[str]:
    view = await shop.app.processes.show("fulfilment", order.order_id)
    return [entry.what for entry in view.journal if entry.kind == "timer"]


async def _told(shop: Shop, order: Wanted) -> None:
    """Wait until the customer was told that it came to nothing."""
    orders = shop.app.running("orders").loader.events
    async with asyncio.timeout(30.0):
        async for page in orders.follow(category="order"):
            told = [one.event for one in page.events if isinstance(one.event, CustomerTold)]
            if order.order_id in [one.order_id for one in told]:
                return

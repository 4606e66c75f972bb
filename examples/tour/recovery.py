"""Saga failure handling.

A step that fails is tried again, with the same key at every try, and the outside service does it once for a key. Here a
process dies by SIGKILL when the gateway has taken the money and the answer was not heard: another process goes on with
the step that was under way, asks with the same key, and the money was taken once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from examples.shop.orders import PlaceOrder
from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import IMPATIENT, Wanted, named, placed, saga_of, stores_beside, submitted, wanted
from leftfold.subscriptions import Timing

FIGURES: Mapping[str, object] = {
    "executions": 1,
    "attempts": 3,
    "killed_after": "Reserve Inventory",
    "resumed_from": "Process Payment",
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    stores = await stores_beside(store)
    async with Shop(stores, workers=False) as shop:
        order = await wanted(shop.app)
        await _die(stores, order)
        id = await saga_of(shop, order)
        killed = await shop.app.sagas.show(PlaceOrder, id)
    async with Shop(stores, patience=IMPATIENT) as shop:
        resumed = await shop.app.sagas.ended(PlaceOrder, id)
        again = [one.name for one in resumed.steps if one.tries == 2]
        stubborn = await wanted(shop.app)
        shop.gateway.told(stubborn.order_id, Mood.BREAKS, Mood.BREAKS, Mood.OBEYS)
        view = await placed(shop, stubborn)
        return {
            "executions": (await shop.gateway.deeds(f"{order.order_id}/1")).count("Performed"),
            "attempts": max(one.tries for one in view.steps if one.status == "done"),
            "killed_after": " ".join(named(one.name) for one in killed.steps if one.status == "done"),
            "resumed_from": " ".join(map(named, again)) if resumed.status == "completed" else resumed.reason,
        }


async def _die(stores: str, order: Wanted) -> None:
    """Order it in a process that does not outlive it."""
    (product,) = order.items
    arguments = ("-m", "examples.tour.recovery", stores, order.order_id, product)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    assert await process.wait() == -signal.SIGKILL


async def _order_and_die(stores: str, order: Wanted) -> None:
    shop = Shop(stores, workers=Timing(lease_s=1.0, poll_s=0.25))
    shop.gateway.told(order.order_id, Mood.UNHEARD)
    async with shop:
        await submitted(shop.app, order, "saga")
        await shop.gateway.unheard.wait()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    stores_url, order_id, product_id = sys.argv[1:]
    asyncio.run(_order_and_die(stores_url, Wanted(order_id, {product_id: 2})))

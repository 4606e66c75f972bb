"""Process manager.

A pure function from a state and an event to the next state, with commands and timers: a table of what is waited for and
what follows. What a state does not wait for is ignored, and noted. Three refused payments of the same amount end an
order; what the first warehouse lacks comes from another; a customer who cancels after paying gets the money back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from examples.shop.inventory.stock import InventoryReserved
from examples.shop.orders import CancelOrder
from examples.shop.payment import CancelPayment
from examples.shop.payment.ledger import PaymentFailed
from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import Wanted, fulfilled, happened, shop_beside, submitted, wanted
from leftfold import StreamName

FIGURES: Mapping[str, object] = {
    "status": "completed",
    "ignored": 1,
    "payment_attempts": 3,
    "amounts": ["100", "100", "100"],
    "final": "failed",
    "refunded_when_cancelled_after_payment": True,
    "branch": "alternate warehouse",
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    async with await shop_beside(store) as shop:
        fine, refused = [await wanted(shop.app) for _ in range(2)]
        elsewhere, nowhere = await wanted(shop.app, warehouse="alternate"), await wanted(shop.app, there=1)
        shop.gateway.told(refused.order_id, Mood.REFUSES)
        for order in (fine, refused, elsewhere, nowhere):
            await submitted(shop.app, order, "process")
        await shop.app.settle(timeout=30.0)
        ignored = await _ignores(shop, nowhere)
        await shop.app.send(CancelOrder(order_id=nowhere.order_id, reason="it takes too long"))
        await shop.app.settle(timeout=30.0)
        amounts = await _refused_amounts(shop, refused)
        return {
            "status": (await fulfilled(shop, fine.order_id)).status,
            "ignored": ignored,
            "payment_attempts": len(amounts),
            "amounts": [str(amount) for amount in amounts],
            "final": (await fulfilled(shop, refused.order_id)).status,
            "refunded_when_cancelled_after_payment": (
                await shop.gateway.deeds(f"{nowhere.order_id}/1") == ["Performed", "Undone"]
            ),
            "branch": await _branch(shop, elsewhere),
        }


async def _ignores(shop: Shop, order: Wanted) -> int:
    """Tell a process that waits for goods of a payment that it does not wait for."""
    await shop.app.send(CancelPayment(order_id=order.order_id, attempt=2))
    await shop.app.settle(timeout=30.0)
    view = await shop.app.processes.show("fulfilment", order.order_id)
    return [entry.kind for entry in view.journal].count("ignored")


async def _refused_amounts(shop: Shop, order: Wanted) -> list[Decimal]:
    events = [recorded.event for recorded in await happened(shop, "payment", StreamName("payment", order.order_id))]
    return [event.amount for event in events if isinstance(event, PaymentFailed)]


async def _branch(shop: Shop, order: Wanted) -> str:
    stream = StreamName("reservation", order.order_id)
    events = [recorded.event for recorded in await happened(shop, "inventory", stream)]
    return " ".join(f"{event.warehouse} warehouse" for event in events if isinstance(event, InventoryReserved))

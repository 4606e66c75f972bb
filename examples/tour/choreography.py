"""Saga choreography.

Nobody coordinates: each context answers events of the others with a command of its own, and the signature of that
answer is the edge of the flow. An order goes from orders to inventory, to payment, to shipping and back. When the
gateway refuses, the failure runs back the same way, and only what was done is undone: here what was held, and no money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import happened, shop_beside, submitted, wanted
from leftfold import RecordedEvent, StreamName

FIGURES: Mapping[str, object] = {
    "flow": ["OrderPlaced", "InventoryReserved", "PaymentProcessed", "OrderShipped", "OrderCompleted"],
    "cancelled_flow": ["OrderPlaced", "InventoryReserved", "PaymentFailed", "OrderCancelled", "InventoryReleased"],
}

_STREAMS = {"orders": "order", "inventory": "reservation", "payment": "payment", "shipping": "parcel"}
"""What each context knows of an order is one stream."""


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    async with await shop_beside(store) as shop:
        fine, refused = [await wanted(shop.app) for _ in range(2)]
        shop.gateway.told(refused.order_id, Mood.REFUSES)
        for order in (fine, refused):
            await submitted(shop.app, order, "events")
        await shop.app.settle(timeout=30.0)
        return {"flow": await _flow(shop, fine.order_id), "cancelled_flow": await _flow(shop, refused.order_id)}


async def _flow(shop: Shop, order: str) -> Sequence[str]:
    """What happened to an order in all contexts, in the order in which it was recorded."""
    found: list[RecordedEvent[object]] = []
    for context, category in _STREAMS.items():
        found += await happened(shop, context, StreamName(category, order))
    assert len({one.metadata.correlation_id for one in found}) == 1
    return [one.type for one in sorted(found, key=attrgetter("recorded_at"))]

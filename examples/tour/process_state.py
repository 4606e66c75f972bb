"""Process manager persistence.

The state of an instance, its outgoing commands, its timers and the fact that it has seen an event are one commit, so a
restart finds them as they belong together. Each write shows the number of the last one: of two writers who have read
the same state, the second is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from examples.shop.sandbox import Mood
from examples.tour.shops import fulfilled, shop_beside, submitted, wanted
from leftfold.errors import Fenced
from leftfold.store import Revise, Store, Transaction

FIGURES: Mapping[str, object] = {"status": "payment_pending", "version": 1, "conflict": True}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    async with await shop_beside(store) as shop:
        order = await wanted(shop.app)
        shop.gateway.told(order.order_id, Mood.HANGS)
        await submitted(shop.app, order, "process")
        await shop.app.settle(timeout=30.0)
    restarted = await shop_beside(store)
    restarted.gateway.told(order.order_id, Mood.HANGS)
    async with restarted as shop:
        view = await shop.app.processes.show("fulfilment", order.order_id)
        return {
            "status": (await fulfilled(shop, order.order_id)).status,
            "version": view.transitions,
            "conflict": await _conflicts(shop.app.running("orders").store, f"process/{view.process}/{view.key}"),
        }


async def _conflicts(store: Store, id: str) -> bool:
    """Write twice what was read once."""
    item = (await store.work([id]))[id]
    write = Revise(id=item.id, token=item.token, status=item.status, state=item.state, wake=item.wake_at)
    await store.transact(Transaction(writes=[write]))
    try:
        await store.transact(Transaction(writes=[write]))
    except Fenced:
        return True
    return False

"""What the patterns about processes share: a shop beside the store of the tour, and orders that nobody had before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from examples.shop.inventory import ReceiveStock
from examples.shop.orders import Fulfilment, PlaceOrder, SubmitOrder, Terms
from examples.shop.orders.terms import RunBy
from examples.shop.system import CONTEXTS, Shop
from examples.tour.beside import all_beside
from leftfold import App, RecordedEvent, StreamName
from leftfold.ids import new_id
from leftfold.processes import SagaView

__all__ = [
    "IMPATIENT",
    "Wanted",
    "fulfilled",
    "happened",
    "named",
    "placed",
    "saga_of",
    "shop_beside",
    "stores_beside",
    "submitted",
    "wanted",
]

IMPATIENT = timedelta(milliseconds=200)
"""How long this shop waits for an answer from outside."""


class Wanted(Struct, frozen=True):
    """What somebody wants."""

    order_id: str
    items: dict[str, int]
    total: Decimal = Decimal(100)


async def stores_beside(store: str) -> str:
    """The URL of the shop's stores, with `{context}` in it; they are there."""
    return await all_beside(store, [*(one.name for one in CONTEXTS), "gateway", "carrier"])


async def shop_beside(store: str) -> Shop:
    """A shop that is impatient."""
    return Shop(await stores_beside(store), patience=IMPATIENT)


async def wanted(app: App, *, warehouse: str = "main", there: int = 2) -> Wanted:
    """Two pieces of a new product, of which a warehouse has so many."""
    product = f"PROD-001.{new_id()}"
    await app.send(ReceiveStock(warehouse=warehouse, product=product, quantity=there))
    return Wanted(f"ORDER-001.{new_id()}", {product: 2})


async def submitted(app: App, order: Wanted, run_by: RunBy, terms: Terms | None = None) -> None:
    """Order it."""
    await app.send(
        SubmitOrder(
            order_id=order.order_id,
            customer="CUST-001",
            items=order.items,
            total=order.total,
            run_by=run_by,
            terms=terms or Terms(),
        )
    )


def named(step: str) -> str:
    """A step as people say it: `reserve_inventory` is "Reserve Inventory"."""
    return step.replace("_", " ").title()


async def placed(shop: Shop, order: Wanted) -> SagaView:
    """Order it, have a saga carry it through, and wait for its end."""
    await submitted(shop.app, order, "saga")
    await shop.app.settle(timeout=30.0)
    return await shop.app.sagas.ended(PlaceOrder, await saga_of(shop, order))


async def saga_of(shop: Shop, order: Wanted) -> str:
    """The id of the saga of an order: that of the event which has started it."""
    first, *_ = await happened(shop, "orders", StreamName("order", order.order_id))
    return str(first.id)


async def fulfilled(shop: Shop, order_id: str) -> Fulfilment:
    """How far the process of an order is."""
    view = await shop.app.processes.show("fulfilment", order_id)
    return msgspec.json.decode(view.state, type=Fulfilment)


async def happened(shop: Shop, context: str, stream: str) -> Sequence[RecordedEvent[object]]:
    """What happened in one stream of a context."""
    return await shop.app.running(context).loader.events.read(stream)

"""What the patterns about processes share: a shop beside the store of the tour, and orders that nobody had before."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from examples.shop.inventory import ReceiveStock
from examples.shop.orders import SubmitOrder, Terms
from examples.shop.orders.terms import RunBy
from examples.shop.system import CONTEXTS, Shop
from examples.tour.beside import all_beside
from leftfold import App
from leftfold.ids import new_id

__all__ = ["IMPATIENT", "Wanted", "named", "shop_beside", "stores_beside", "submitted", "wanted"]

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


async def wanted(app: App, *, warehouse: str = "main", total: Decimal = Decimal(100)) -> Wanted:
    """Two pieces of a new product, of which a warehouse has just enough."""
    product = f"PROD-001.{new_id()}"
    await app.send(ReceiveStock(warehouse=warehouse, product=product, quantity=2))
    return Wanted(f"ORDER-001.{new_id()}", {product: 2}, total)


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

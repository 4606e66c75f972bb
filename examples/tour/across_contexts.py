"""Reading across contexts.

Sales decides about orders and publishes what others may know of them; its own events stay its own. Billing, on a store
of its own, keeps a view of what is to be paid: it follows what Sales publishes, and how far it has come commits with
its rows, so nothing is missed and nothing counts twice. An order that is paid or cancelled leaves the view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from examples.tour.beside import beside
from leftfold import Aggregate, App, Command, Context, Event, IntegrationEvent, Query, ReadModel, applies
from leftfold.ids import new_id


class OrderTaken(Event):
    """A fact of Sales, in its words."""

    order: str
    shop: str
    total: Decimal
    discount_code: str = ""


class OrderDropped(Event):
    """Sales let an order go."""

    order: str


class Order(Aggregate[OrderTaken | OrderDropped], category="tour_order"):
    """Decides about one order."""

    open: bool = False

    def take(self, shop: str, total: Decimal) -> None:
        """Begin."""
        self.record(OrderTaken(order=self.id, shop=shop, total=total))

    def drop(self) -> None:
        """Let it go."""
        if self.open:
            self.record(OrderDropped(order=self.id))

    @applies
    def _taken(self, _event: OrderTaken) -> None:
        self.open = True

    @applies
    def _dropped(self, _event: OrderDropped) -> None:
        self.open = False


class TakeOrder(Command):
    """Take an order."""

    order: str
    shop: str
    total: Decimal


class DropOrder(Command):
    """Cancel an order."""

    order: str


class OrderPlaced(IntegrationEvent, name="sales.order_placed"):
    """What others may know of an order."""

    order: str
    shop: str
    total: Decimal


class OrderCancelled(IntegrationEvent, name="sales.order_cancelled"):
    """What others may know of its end."""

    order: str


sales = Context("sales", team="Sales", purpose="Take orders")
billing = Context("billing", team="Finance", purpose="Know what is to be paid")


@sales.decides(Order, id="order", exists=False)
def take_order(command: TakeOrder, order: Order) -> None:
    """Decide."""
    order.take(command.shop, command.total)


@sales.decides(Order, id="order", exists=True)
def drop_order(_command: DropOrder, order: Order) -> None:
    """Decide."""
    order.drop()


@sales.publishes
def order_placed(event: OrderTaken) -> OrderPlaced:
    """The discount code stays inside."""
    return OrderPlaced(order=event.order, shop=event.shop, total=event.total)


@sales.publishes
def order_cancelled(event: OrderDropped) -> OrderCancelled:
    """It ended."""
    return OrderCancelled(order=event.order)


@dataclass(frozen=True)
class PendingPayment:
    """Billing's own view of an order."""

    order_id: str
    shop: str
    due: Decimal


class Pending(Query[list[PendingPayment]]):
    """What is to be paid to a shop?"""

    shop: str


@billing.projection(key="order", index=("shop",))
def pending_payments(_row: PendingPayment | None, event: OrderPlaced | OrderCancelled) -> PendingPayment | None:
    """There while something is to be paid."""
    match event:
        case OrderPlaced(order=order, shop=shop, total=total):
            return PendingPayment(order, shop, total)
        case OrderCancelled():
            return None


@billing.query
async def pending(query: Pending, rows: ReadModel[PendingPayment]) -> list[PendingPayment]:
    """Ask the table."""
    return await rows.find(shop=query.shop)


FIGURES: Mapping[str, object] = {"pending_before": 1, "pending_after": 0}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    order, shop = f"ORDER-{new_id()}", f"SHOP-{new_id()}"
    stores = {"sales": await beside(store, "sales"), "billing": await beside(store, "billing")}
    async with App(sales, billing, store=stores) as app:
        taken = await app.send(TakeOrder(order=order, shop=shop, total=Decimal(100)))
        before = await app.ask(Pending(shop=shop), after=taken)
        dropped = await app.send(DropOrder(order=order))
        after = await app.ask(Pending(shop=shop), after=dropped)
        return {"pending_before": len(before), "pending_after": len(after)}

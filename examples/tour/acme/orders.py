"""Orders is inventory's customer and shipping's partner; of both it reads only what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from leftfold import (
    Aggregate,
    Command,
    ConsumerView,
    Context,
    DomainError,
    Event,
    IntegrationEvent,
    Query,
    ReadModel,
    applies,
)

__all__ = ["FindOrder", "FindShipment", "PlaceOrder", "context"]

context = Context("orders", team="revenue", purpose="Promise what can be kept", package=__name__)


class NotThere(DomainError):
    """There is less of the product than was ordered."""

    available: int


class Offered(Event, name="acme.Offered"):
    """So many can be promised."""

    product: str
    available: int


class OrderPlaced(Event, name="acme.OrderPlaced"):
    """Some of them were."""

    order: str
    product: str
    quantity: int


class Offer(Aggregate[Offered | OrderPlaced], category="acme_offer"):
    """What can be promised of one product."""

    available: int = 0

    def stock(self, available: int) -> None:
        """Take note."""
        self.record(Offered(product=self.id, available=available))

    def place(self, order: str, quantity: int) -> None:
        """Promise."""
        if quantity > self.available:
            raise NotThere(available=self.available)
        self.record(OrderPlaced(order=order, product=self.id, quantity=quantity))

    @applies
    def _offered(self, event: Offered) -> None:
        self.available = event.available

    @applies
    def _placed(self, event: OrderPlaced) -> None:
        self.available -= event.quantity


class StockOffer(Command):
    """Take note of what there is."""

    product: str
    available: int


class PlaceOrder(Command):
    """Promise some of a product."""

    product: str
    order: str
    quantity: int


class OrderTaken(IntegrationEvent, name="orders.order_taken"):
    """What the partner needs to know."""

    order: str


class StockSeen(ConsumerView, of="inventory.stock_counted", versions=">=1"):
    """What the supplier says."""

    product: str
    available: int


class ShipmentSeen(ConsumerView, of="shipping.shipment_created", versions=">=1"):
    """What the partner says."""

    order: str
    shipment: str


@context.decides(Offer, id="product")
def stock_offer(command: StockOffer, offer: Offer) -> None:
    """Decide."""
    offer.stock(command.available)


@context.decides(Offer, id="product", exists=True)
def place_order(command: PlaceOrder, offer: Offer) -> None:
    """Decide."""
    offer.place(command.order, command.quantity)


@context.translates
def stock_seen(event: StockSeen) -> StockOffer:
    """In one's own words."""
    return StockOffer(product=event.product, available=event.available)


@context.publishes
def order_taken(event: OrderPlaced) -> OrderTaken:
    """The partner ships it."""
    return OrderTaken(order=event.order)


@dataclass(frozen=True)
class Promised:
    """An order that was placed."""

    order: str
    quantity: int


@dataclass(frozen=True)
class Shipped:
    """What the partner says of an order."""

    order: str
    shipment: str


class FindOrder(Query[Promised | None]):
    """Was it placed?"""

    order: str


class FindShipment(Query[Shipped | None]):
    """Has the partner heard of it?"""

    order: str


@context.projection(key="order", name="acme_promised")
def promised(_row: Promised | None, event: OrderPlaced) -> Promised:
    """One an order."""
    return Promised(event.order, event.quantity)


@context.projection(key="order", name="acme_shipped")
def shipped(_row: Shipped | None, event: ShipmentSeen) -> Shipped:
    """One an order."""
    return Shipped(event.order, event.shipment)


@context.query
async def find_order(query: FindOrder, rows: ReadModel[Promised]) -> Promised | None:
    """Ask the table."""
    return await rows.get(query.order)


@context.query
async def find_shipment(query: FindShipment, rows: ReadModel[Shipped]) -> Shipped | None:
    """Ask the table."""
    return await rows.get(query.order)

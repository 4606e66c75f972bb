"""Orders, published in two versions; and a delivery that reads them through views in every way there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from msgspec import Struct

from leftfold import (
    IGNORE,
    Aggregate,
    Command,
    ConsumerView,
    Context,
    Event,
    Ignored,
    IntegrationEvent,
    Next,
    Query,
    ReadModel,
    Saga,
    applies,
    step,
)
from leftfold.subscriptions import Policy, Retry

__all__ = [
    "AT_ONCE",
    "Address",
    "AskDue",
    "Deliver",
    "Delivered",
    "Due",
    "Notes",
    "Order",
    "Ordered",
    "Parcel",
    "Placed",
    "PlacedV1",
    "Take",
    "delivering",
    "ordering",
    "placed_v1",
]

AT_ONCE = Policy(retry=Retry(attempts=1))


class Ordered(Event):
    order: str
    cents: int
    street: str


class Order(Aggregate[Ordered], category="order"):
    def take(self, cents: int, street: str) -> None:
        self.record(Ordered(order=self.id, cents=cents, street=street))

    @applies
    def _ordered(self, event: Ordered) -> None:
        pass


class Take(Command):
    order: str
    cents: int = 100
    street: str = "High Street"


class PlacedV1(IntegrationEvent, name="acme.placed", version=1):
    order: str
    cents: int


class Address(Struct, frozen=True):
    street: str
    city: str = "here"


class Placed(IntegrationEvent, name="acme.placed", version=2):
    order: str
    total: int
    to: Address


def placed_v1(event: Ordered) -> PlacedV1:
    return PlacedV1(order=event.order, cents=event.cents)


def placed(event: Ordered) -> Placed | None:
    """Free orders are told in version 1 alone."""
    return Placed(order=event.order, total=event.cents, to=Address(street=event.street)) if event.cents else None


def ordering() -> Context:
    """The context that takes orders."""
    context = Context("ordering")
    context.publishes(placed_v1)
    context.publishes(placed)

    @context.decides(Order, id="order")
    def take(command: Take, order: Order) -> None:
        order.take(command.cents, command.street)

    return context


class Street(Struct, frozen=True):
    street: str


class Parcel(ConsumerView, of="acme.placed", versions=">=2"):
    order: str
    to: Street
    fragile: bool = False


class Delivered(Event):
    order: str
    street: str


class Delivery(Aggregate[Delivered], category="delivery"):
    def deliver(self, street: str) -> None:
        self.record(Delivered(order=self.id, street=street))

    @applies
    def _delivered(self, event: Delivered) -> None:
        pass


class Deliver(Command):
    order: str
    street: str


@dataclass(frozen=True)
class Due:
    street: str


class AskDue(Query[Due | None]):
    order: str


@dataclass(frozen=True)
class Tour:
    order: str


class Notes:
    """What was done outside."""

    def __init__(self) -> None:
        self.notes: list[str] = []


class Insure(Saga):
    order: str

    @step(undoable=False)
    async def insure(self, notes: Notes) -> None:
        notes.notes.append(f"insured {self.order}")


def delivering() -> Context:
    """The context that delivers, and knows nothing of an order but its view."""
    context = Context("delivering")
    context.saga(Insure)

    @context.decides(Delivery, id="order")
    def deliver(command: Deliver, delivery: Delivery) -> None:
        delivery.deliver(command.street)

    @context.translates
    def to_deliver(event: Parcel) -> Deliver:
        return Deliver(order=event.order, street=event.to.street)

    @context.projection(key="order", policy=AT_ONCE)
    def due(_row: Due | None, event: Parcel) -> Due:
        return Due(event.to.street)

    @context.query
    async def ask_due(query: AskDue, rows: ReadModel[Due]) -> Due | None:
        return await rows.get(query.order)

    @context.on(policy=AT_ONCE)
    async def tell(event: Parcel, notes: Notes) -> None:
        notes.notes.append(f"told {event.order} fragile={event.fragile}")

    @context.starts
    def insure(event: Parcel) -> Insure:
        return Insure(order=event.order)

    @context.process(key="order", abandoned=None, missing=timedelta(minutes=1))
    def touring(state: Tour | None, event: Parcel) -> Next[Tour] | Ignored:
        if state is not None:
            return IGNORE
        return Next(Tour(event.order)).send(Deliver(order=f"tour {event.order}", street=event.to.street))

    return context

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from leftfold import Aggregate, App, Command, ConsumerView, Context, Event, IntegrationEvent, applies
from leftfold.integration import CountryCode, Formatted, Instant, PublishedLanguage
from leftfold.schemas import Compatibility


# model
class Taken(Event):
    order: str
    cents: int
    country: str
    at: Instant


class Order(Aggregate[Taken], category="order"):
    def take(self, command: TakeOrder) -> None:
        self.record(Taken(order=self.id, cents=command.cents, country=command.country, at=command.at))

    @applies
    def _taken(self, event: Taken) -> None:
        pass


class TakeOrder(Command):
    order: str
    cents: int
    country: str
    at: Instant


# published
class OrderPlacedV1(IntegrationEvent, name="acme.sales.order_placed", version=1):
    order: str
    cents: int


class OrderPlaced(IntegrationEvent, Formatted, name="acme.sales.order_placed", version=2):
    order: str
    cents: int
    country: CountryCode | None = None
    at: Instant | None = None


sales = Context(
    "sales",
    team="Sales",
    purpose="Take orders",
    language=PublishedLanguage("acme.sales", mode=Compatibility.FULL_TRANSITIVE),
)


@sales.decides(Order, id="order", exists=False)
def take_order(command: TakeOrder, order: Order) -> None:
    order.take(command)


@sales.publishes
def order_placed_v1(event: Taken) -> OrderPlacedV1:
    return OrderPlacedV1(order=event.order, cents=event.cents)


@sales.publishes
def order_placed(event: Taken) -> OrderPlaced:
    return OrderPlaced(order=event.order, cents=event.cents, country=event.country, at=event.at)


# read
class Owed(ConsumerView, of="acme.sales.order_placed", versions=">=1,<3"):
    order: str
    cents: int


class Billed(Event):
    invoice: str
    cents: int


class Invoice(Aggregate[Billed], category="invoice"):
    def bill(self, cents: int) -> None:
        self.record(Billed(invoice=self.id, cents=cents))

    @applies
    def _billed(self, event: Billed) -> None:
        print(f"invoice {event.invoice}: {event.cents} cents")


class Bill(Command):
    invoice: str
    cents: int


billing = Context("billing", team="Finance", purpose="Write invoices")


@billing.decides(Invoice, id="invoice", exists=False)
def bill(command: Bill, invoice: Invoice) -> None:
    invoice.bill(command.cents)


@billing.translates
def to_bill(event: Owed) -> Bill:
    return Bill(invoice=event.order, cents=event.cents)


# run
def app() -> App:
    return App(sales, billing, store="sqlite:///{context}.db")


async def main() -> None:
    async with app() as running:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        await running.send(TakeOrder(order="A-1", cents=990, country="DE", at=noon))
        await running.settle()


if __name__ == "__main__":
    asyncio.run(main())
# end

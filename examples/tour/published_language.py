"""Published language.

Orders tell everybody the same thing in one language: named and versioned events whose countries, currencies and times
are of the standards they name, sent as CloudEvents. The warehouse reads them strictly, and only the fields it needs; a
version that it does not know is refused with the ones it does. Whether the next version breaks somebody is found before
it is released, with a message that shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from examples.tour.beside import beside
from leftfold import (
    Aggregate,
    App,
    Command,
    ConsumerView,
    Context,
    Event,
    IntegrationEvent,
    Query,
    ReadModel,
    RecordedEvent,
    SystemClock,
    applies,
)
from leftfold.errors import UnsupportedVersion
from leftfold.ids import new_id
from leftfold.integration import (
    CloudEvent,
    CountryCode,
    CurrencyCode,
    Formatted,
    Instant,
    PublishedLanguage,
    cloud_event_of,
    message_schema,
    read_structured,
    supported_version,
    write_structured,
)
from leftfold.schemas import Breaking, Compatibility, Version, check

LANGUAGE = PublishedLanguage("acme.orders", mode=Compatibility.FULL_TRANSITIVE, supported=">=1,<3")

orders = Context("orders", team="revenue", purpose="Take orders", language=LANGUAGE)
warehouse = Context("warehouse", team="logistics", purpose="Pick what was ordered")


class Taken(Event):
    """A fact of orders, in their words."""

    number: str
    placed_at: datetime
    country: str
    cents: int


class Order(Aggregate[Taken], category="tour_told_order"):
    """Decides about one order."""

    number: str = ""

    def take(self, number: str, placed_at: datetime) -> None:
        """Begin."""
        self.record(Taken(number=number, placed_at=placed_at, country="DE", cents=20_000))

    @applies
    def _taken(self, event: Taken) -> None:
        self.number = event.number


class Take(Command):
    """Take an order."""

    id: str
    number: str
    placed_at: Instant


class OrderPlaced(IntegrationEvent, Formatted, name="acme.orders.order_placed", version=1):
    """What everybody may know of an order."""

    order: str
    placed_at: Instant
    country: CountryCode
    total_cents: int
    currency: CurrencyCode


class WithoutCurrency(IntegrationEvent, Formatted, name="acme.orders.order_placed", version=2):
    """What somebody would like to publish next: is it not all in euros?"""

    order: str
    placed_at: Instant
    country: CountryCode
    total_cents: int


@orders.decides(Order, id="id", exists=False)
def take(command: Take, order: Order) -> None:
    """Decide."""
    order.take(command.number, command.placed_at)


@orders.publishes
def order_placed(event: Taken) -> OrderPlaced:
    """In the words of the language."""
    return OrderPlaced(
        order=event.number, placed_at=event.placed_at, country=event.country, total_cents=event.cents, currency="EUR"
    )


class ToPick(ConsumerView, of="acme.orders.order_placed", versions=">=1,<3"):
    """All that the warehouse reads of an order."""

    order: str
    country: CountryCode


@dataclass(frozen=True)
class Picking:
    """What is to be picked."""

    order: str
    country: str


class FindPickings(Query[list[Picking]]):
    """Is this order to be picked?"""

    order: str


@warehouse.projection(key="order")
def pickings(_row: Picking | None, event: ToPick) -> Picking:
    """One an order."""
    return Picking(event.order, event.country)


@warehouse.query
async def find_pickings(query: FindPickings, rows: ReadModel[Picking]) -> list[Picking]:
    """Ask the table."""
    row = await rows.get(query.order)
    return [] if row is None else [row]


class Wire:
    """Where messages go out."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[bytes] = asyncio.Queue()


@warehouse.on()
async def tell(_event: OrderPlaced, recorded: RecordedEvent[OrderPlaced], wire: Wire) -> None:
    """Send what is published on, as a CloudEvent."""
    event = cloud_event_of(recorded, source="/orders", type="acme.orders.order_placed", subject=recorded.event.order)
    await wire.sent.put(write_structured(event))


FIGURES: Mapping[str, object] = {
    "consumed": "ORDER-001",
    "unsupported_version": [1, 2],
    "cloudevent_valid": True,
    "breaking": {
        "rule": "required-property-removed",
        "path": "/currency",
        "witness": {"order": "", "placed_at": "2000-01-01T00:00:00Z", "country": "AA", "total_cents": 0},
    },
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    wire = Wire()
    stores = {"orders": await beside(store, "told"), "warehouse": await beside(store, "warehouse")}
    async with App(orders, warehouse, store=stores, provide={Wire: wire}) as app:
        told = await app.send(Take(id=f"{new_id()}", number="ORDER-001", placed_at=SystemClock().now()))
        found = await app.ask(FindPickings(order="ORDER-001"), after=told)
        sent = await wire.sent.get()
    event = read_structured(sent)
    return {
        "consumed": found[0].order,
        "unsupported_version": _supported(event),
        "cloudevent_valid": write_structured(event) == sent,
        "breaking": _breaking(),
    }


def _supported(event: CloudEvent) -> Sequence[int]:
    """What somebody is told whose event is of a version from the future."""
    future = msgspec.structs.replace(event, extensions={**event.extensions, "schemaversion": 3})
    try:
        supported_version(future, {event.type: (1, 2)})
    except UnsupportedVersion as error:
        return list(error.supported)
    return []


def _breaking() -> Mapping[str, object]:
    """What the next version would break."""
    now, wanted = (
        Version(name=name, schema=message_schema(cls)) for name, cls in (("1", OrderPlaced), ("2", WithoutCurrency))
    )
    for finding in check(LANGUAGE.mode, wanted, [now]):
        if isinstance(finding.problem, Breaking):
            problem = finding.problem
            return {"rule": f"{problem.rule}", "path": problem.path, "witness": problem.witness}
    return {}

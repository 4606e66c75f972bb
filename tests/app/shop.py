"""A shop, whose tests follow its log: orders, and the read models and reactions made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import msgspec

from leftfold import Aggregate, Attempt, Command, Context, Event, IntegrationEvent, Query, ReadModel, applies
from leftfold.store.tables import Compare, Where


class Ordered(Event):
    order: str
    text: str
    tags: list[str]
    cents: int


class Cancelled(Event):
    order: str


class Order(Aggregate[Ordered | Cancelled], category="order"):
    cents: int = 0

    def place(self, text: str, tags: list[str], cents: int) -> None:
        self.record(Ordered(order=self.id, text=text, tags=tags, cents=cents))

    def cancel(self) -> None:
        self.record(Cancelled(order=self.id))

    @applies
    def _ordered(self, event: Ordered) -> None:
        self.cents += event.cents

    @applies
    def _cancelled(self, _event: Cancelled) -> None:
        self.cents = 0


class Place(Command):
    order: str
    text: str = "tea"
    tags: list[str] = msgspec.field(default_factory=list)
    cents: int = 100


class Cancel(Command):
    order: str


@dataclass(frozen=True)
class Open:
    order: str
    text: str
    tags: list[str]
    cents: int


@dataclass(frozen=True)
class Tagged:
    tag: str
    orders: int


@dataclass(frozen=True)
class Turnover:
    cents: int


class GetOpen(Query[Open | None]):
    order: str


class ListOpen(Query[list[str]]):
    least: int


class SearchOpen(Query[list[str]]):
    text: str
    tag: str = ""


class GetTagged(Query[Tagged | None]):
    tag: str


class GetTurnover(Query[Turnover | None]):
    pass


class GetKept(Query[int]):
    order: str


class Sold(IntegrationEvent):
    order: str
    cents: int


class Till(Protocol):
    """What reactions and cached queries tell what they do."""

    def note(self, what: str) -> None: ...


shop = Context("shop")


@shop.decides(Order, id="order")
def place(command: Place, order: Order) -> None:
    order.place(command.text, command.tags, command.cents)


@shop.decides(Order, id="order")
def cancel(_command: Cancel, order: Order) -> None:
    order.cancel()


@shop.projection(key="order", index=["cents"], search=["text"])
def open_orders(row: Open | None, event: Ordered | Cancelled) -> Open | None:
    if isinstance(event, Cancelled):
        return None
    if event.cents < 0:
        raise ValueError("nobody pays us to take it")
    return Open(event.order, event.text, event.tags, event.cents + (row.cents if row else 0))


def tags_of(event: Ordered) -> list[str]:
    return event.tags


@shop.projection(key=tags_of)
def tagged(row: Tagged | None, event: Ordered) -> Tagged:
    return Tagged("/".join(event.tags), 1 + (row.orders if row else 0))


@shop.projection(key=None)
def turnover(row: Turnover | None, event: Ordered) -> Turnover:
    return Turnover(event.cents + (row.cents if row else 0))


@shop.query
async def get_open(query: GetOpen, rows: ReadModel[Open]) -> Open | None:
    return await rows.get(query.order)


@shop.query
async def list_open(query: ListOpen, rows: ReadModel[Open]) -> list[str]:
    found = await rows.find(Where("cents", Compare.AT_LEAST, query.least), order_by="-cents")
    return [row.order for row in found]


@shop.query
async def search_open(query: SearchOpen, rows: ReadModel[Open]) -> list[str]:
    where = [Where("tags", Compare.CONTAINS, query.tag)] if query.tag else []
    return sorted(hit.row.order for hit in await rows.search(query.text, *where))


@shop.query
async def get_tagged(query: GetTagged, rows: ReadModel[Tagged]) -> Tagged | None:
    return await rows.get(query.tag)


@shop.query
async def get_turnover(_query: GetTurnover, rows: ReadModel[Turnover]) -> Turnover | None:
    return await rows.get()


@shop.query(cache=timedelta(minutes=5))
async def get_kept(query: GetKept, rows: ReadModel[Open], till: Till) -> int:
    till.note(f"loaded {query.order}")
    row = await rows.get(query.order)
    return row.cents if row else 0


@shop.on(Cancelled)
async def refund(event: Cancelled, attempt: Attempt, till: Till) -> None:
    till.note(f"refund {event.order} {attempt.key}")


@shop.publishes
def sold(event: Ordered) -> Sold | None:
    return Sold(order=event.order, cents=event.cents) if event.cents else None


books = Context("books")


@dataclass(frozen=True)
class Booked:
    order: str
    cents: int


class GetBooked(Query[Booked | None]):
    order: str


@books.projection(key="order")
def booked(_row: Booked | None, event: Sold) -> Booked:
    return Booked(event.order, event.cents)


@books.query
async def get_booked(query: GetBooked, rows: ReadModel[Booked]) -> Booked | None:
    return await rows.get(query.order)

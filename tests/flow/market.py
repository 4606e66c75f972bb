"""A market: orders that a saga delivers, and the invoices that another context writes and dunns for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from msgspec import Struct

from leftfold import (
    IGNORE,
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    DomainError,
    Event,
    Ignored,
    IntegrationEvent,
    Metadata,
    Next,
    Outcome,
    RecordedEvent,
    Repository,
    Saga,
    Sender,
    TimerDue,
    applies,
    sends,
    step,
)
from leftfold.testing import ManualClock

__all__ = [
    "APP",
    "DUE",
    "ROGUE",
    "Cancel",
    "Deliver",
    "Invoice",
    "Opened",
    "Order",
    "Pay",
    "Place",
    "Placed",
    "Release",
    "app",
    "billing",
    "events",
    "market",
    "rogue",
    "traded",
]

APP: Final = "tests.flow.market:app"
ROGUE: Final = "tests.flow.market:rogue"
DUE: Final = timedelta(days=14)


class Placed(Event):
    order: str
    sku: str


class Confirmed(Event):
    order: str


class Cancelled(Event):
    order: str
    sku: str


class Reserved(Event):
    order: str


class Released(Event):
    order: str


class Opened(Event):
    order: str


class Reminded(Event):
    order: str


class Paid(Event):
    order: str


class Filed(Event):
    order: str


class Received(IntegrationEvent):
    order: str


class Place(Command):
    order: str
    sku: str = "tea"


class Cancel(Command):
    order: str


class Reserve(Command):
    sku: str
    order: str


class Release(Command):
    sku: str
    order: str


class Open(Command):
    order: str


class Remind(Command):
    order: str


class Pay(Command):
    order: str


class File(Command):
    order: str


class NotWanted(DomainError):
    """The order is not to be delivered any more."""


class Order(Aggregate[Placed | Confirmed | Cancelled], category="order"):
    sku: str = ""
    open: bool = True

    @applies
    def _placed(self, event: Placed) -> None:
        self.sku = event.sku

    @applies
    def _confirmed(self, _event: Confirmed) -> None:
        self.open = False

    @applies
    def _cancelled(self, _event: Cancelled) -> None:
        self.open = False


class Stock(Aggregate[Reserved | Released], category="stock"):
    held: int = 0

    @applies
    def _reserved(self, _event: Reserved) -> None:
        self.held += 1

    @applies
    def _released(self, _event: Released) -> None:
        self.held -= 1


class Invoice(Aggregate[Opened | Reminded | Paid], category="invoice"):
    paid: bool = False

    @applies
    def _paid(self, _event: Paid) -> None:
        self.paid = True

    @applies
    def _others(self, event: Opened | Reminded) -> None:
        pass


class Folder(Aggregate[Filed], category="folder"):
    @applies
    def _filed(self, event: Filed) -> None:
        pass


def _market() -> Context:
    market = Context("market")

    @market.decides(Order, id="order", exists=False)
    def place(command: Place, order: Order) -> None:
        order.record(Placed(order=order.id, sku=command.sku))

    @market.command
    async def cancel(command: Cancel, orders: Repository[Order]) -> None:
        order = await orders.get(command.order)
        order.record(Cancelled(order=order.id, sku=order.sku))

    @market.decides(Stock, id="sku")
    def reserve(command: Reserve, stock: Stock) -> None:
        stock.record(Reserved(order=command.order))

    @market.decides(Stock, id="sku")
    def release(command: Release, stock: Stock) -> None:
        stock.record(Released(order=command.order))

    @market.on(Cancelled)
    @sends(Release)
    async def put_back(event: Cancelled, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Release(sku=event.sku, order=event.order), id=attempt.key)

    @market.publishes
    def received(event: Placed) -> Received:
        return Received(order=event.order)

    @market.projection(key="order")
    def orders(_row: Shown | None, event: Placed | Confirmed | Cancelled) -> Shown:
        return Shown(event.order, type(event).__name__)

    return market


@dataclass(frozen=True)
class Shown:
    order: str
    status: str


market: Final = _market()


@market.saga
class Deliver(Saga):
    order: str
    sku: str = "tea"

    @step
    @sends(Reserve)
    async def hold(self, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Reserve(sku=self.sku, order=self.order), id=attempt.key)

    @hold.undo
    @sends(Release)
    async def let_go(self, was: Outcome[None], sender: Sender, attempt: Attempt) -> None:
        await sender.send(Release(sku=self.sku, order=self.order), id=attempt.key)

    @step(pivot=True)
    async def confirm(self, orders: Repository[Order]) -> None:
        order = await orders.get(self.order)
        if not order.open:
            raise NotWanted
        order.record(Confirmed(order=order.id))

    @step
    async def thank(self, attempt: Attempt) -> None:
        pass


@market.starts
def deliver(event: Placed) -> Deliver | None:
    return Deliver(order=event.order) if event.sku == "ice" else None


billing: Final = Context("billing")


@billing.decides(Invoice, id="order")
def open_invoice(command: Open, invoice: Invoice) -> None:
    invoice.record(Opened(order=command.order))


@billing.decides(Invoice, id="order")
def remind(command: Remind, invoice: Invoice) -> None:
    invoice.record(Reminded(order=command.order))


@billing.decides(Invoice, id="order")
def pay(command: Pay, invoice: Invoice) -> None:
    invoice.record(Paid(order=command.order))


@billing.decides(Folder, id="order")
def file(command: File, folder: Folder) -> None:
    folder.record(Filed(order=command.order))


@billing.reacts(within=DUE)
def put_away(event: Paid) -> File:
    return File(order=event.order)


@billing.on(Received)
async def bill(event: Received, sender: Sender, attempt: Attempt) -> None:
    await sender.send(Open(order=event.order), id=attempt.key)


class Dunning(Struct, frozen=True):
    order: str


@billing.process(key="order")
@sends(Remind)
def dunning(state: Dunning | None, event: Opened | Paid | TimerDue) -> Next[Dunning] | Ignored:
    match state, event:
        case None, Opened(order=order):
            return Next(Dunning(order)).timer("due", DUE)
        case Dunning(), TimerDue():
            return Next(state).send(Remind(order=state.order))
        case Dunning(), Paid():
            return Next(state).cancel("due").end()
        case _:
            return IGNORE


def app() -> App:
    """The market as it is declared."""
    return App(market, billing, store="memory:")


def rogue() -> App:
    """The market with two reactions more that nobody told about: they undo and do each other's work."""
    other = _market()

    @other.on(Placed)
    @sends(Cancel)
    async def spoil(event: Placed, sender: Sender, attempt: Attempt) -> None:
        if len(event.order) < 4:
            await sender.send(Cancel(order=event.order), id=attempt.key)

    @other.on(Cancelled)
    @sends(Place)
    async def redo(event: Cancelled, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Place(order=f"{event.order}x"), id=attempt.key)

    return App(other, billing, store="memory:")


async def traded(app: App, clock: ManualClock) -> None:
    """Everything that can happen, once at least: A is delivered and paid for, B cancelled, C not paid for, D on ice."""
    for order in "ABC":
        await app.send(Place(order=order), metadata=Metadata(correlation_id=f"visit {order}"))
    await app.start(Deliver(order="A"), id="A", metadata=Metadata(correlation_id="visit A", actor="ann"))
    assert (await app.sagas.ended("Deliver", "A")).status == "completed"
    await app.send(Cancel(order="B"))
    await app.start(Deliver(order="B"), id="B")
    assert (await app.sagas.ended("Deliver", "B")).status == "compensated"
    await app.send(Place(order="D", sku="ice"), metadata=Metadata(correlation_id="visit D"))
    await app.settle()
    for order in "AB":
        await app.send(Pay(order=order))
    await app.settle()
    clock.advance(DUE)
    await app.settle()


async def events(app: App, context: str) -> Sequence[RecordedEvent[object]]:
    """What a context recorded, in order."""
    return (await app.running(context).loader.events.read_log()).events

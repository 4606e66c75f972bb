"""A shop whose orders are seen through: paid in three attempts, taken from one of two warehouses, shipped or undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from leftfold import Aggregate, Command, Context, DomainError, Event, applies
from leftfold.processes import IGNORE, CommandRefused, Ignored, Next, TimerDue
from leftfold.subscriptions.policy import Retry

__all__ = [
    "PATIENCE",
    "Cancel",
    "CancelOrder",
    "Customer",
    "Decline",
    "Fulfilment",
    "Order",
    "OrderCancelled",
    "OrderEvent",
    "OrderPlaced",
    "OrderShipped",
    "Pay",
    "PaymentDeclined",
    "PaymentReceived",
    "PaymentRequested",
    "Place",
    "Refund",
    "Refunded",
    "RequestPayment",
    "Reserve",
    "Ship",
    "SoldOut",
    "StockReserved",
    "fulfilment",
    "shop",
]

PATIENCE: Final = timedelta(seconds=30)


class OrderPlaced(Event):
    order_id: str
    item: str
    amount: Decimal


class PaymentRequested(Event):
    order_id: str
    attempt: int
    amount: Decimal


class PaymentReceived(Event):
    order_id: str
    amount: Decimal


class PaymentDeclined(Event):
    order_id: str


class StockReserved(Event):
    order_id: str
    warehouse: str


class OrderShipped(Event):
    order_id: str
    warehouse: str


class Refunded(Event):
    order_id: str
    amount: Decimal


class OrderCancelled(Event):
    order_id: str
    reason: str


OrderEvent = (
    OrderPlaced
    | PaymentRequested
    | PaymentReceived
    | PaymentDeclined
    | StockReserved
    | OrderShipped
    | Refunded
    | OrderCancelled
)


class SoldOut(DomainError):
    """The warehouse has none left."""

    warehouse: str


class Customer(Exception):
    """Something that no handler expects."""


class Order(Aggregate[OrderEvent], category="order"):
    item: str = ""
    received: Decimal = Decimal(0)

    @applies
    def _placed(self, event: OrderPlaced) -> None:
        self.item = event.item

    @applies
    def _received(self, event: PaymentReceived) -> None:
        self.received += event.amount

    @applies
    def _refunded(self, event: Refunded) -> None:
        self.received -= event.amount

    @applies
    def _others(
        self, event: PaymentRequested | PaymentDeclined | StockReserved | OrderShipped | OrderCancelled
    ) -> None:
        pass


class Place(Command):
    order_id: str
    item: str = "tea"
    amount: Decimal = Decimal("9.90")


class Pay(Command):
    order_id: str
    amount: Decimal = Decimal("9.90")


class Decline(Command):
    order_id: str


class Cancel(Command):
    order_id: str


class RequestPayment(Command):
    order_id: str
    attempt: int
    amount: Decimal


class Reserve(Command):
    order_id: str
    warehouse: str


class Ship(Command):
    order_id: str
    warehouse: str


class Refund(Command):
    order_id: str
    amount: Decimal


class CancelOrder(Command):
    order_id: str
    reason: str


shop: Final = Context("shop")


@shop.decides(Order, id="order_id")
def place(command: Place, order: Order) -> None:
    order.record(OrderPlaced(order_id=order.id, item=command.item, amount=command.amount))


@shop.decides(Order, id="order_id")
def pay(command: Pay, order: Order) -> None:
    order.record(PaymentReceived(order_id=order.id, amount=command.amount))


@shop.decides(Order, id="order_id")
def decline(_command: Decline, order: Order) -> None:
    order.record(PaymentDeclined(order_id=order.id))


@shop.decides(Order, id="order_id")
def request_payment(command: RequestPayment, order: Order) -> None:
    order.record(PaymentRequested(order_id=order.id, attempt=command.attempt, amount=command.amount))


@shop.decides(Order, id="order_id")
def reserve(command: Reserve, order: Order) -> None:
    if order.item == "nothing" or (order.item == "rare tea" and command.warehouse == "north"):
        raise SoldOut(warehouse=command.warehouse)
    order.record(StockReserved(order_id=order.id, warehouse=command.warehouse))


@shop.decides(Order, id="order_id")
def ship(command: Ship, order: Order) -> None:
    order.record(OrderShipped(order_id=order.id, warehouse=command.warehouse))


@shop.decides(Order, id="order_id", exists=True)
def refund(command: Refund, order: Order) -> None:
    order.record(Refunded(order_id=order.id, amount=command.amount))


@shop.decides(Order, id="order_id")
def cancel_order(command: CancelOrder, order: Order) -> None:
    order.record(OrderCancelled(order_id=order.id, reason=command.reason))


class Fulfilment(Struct, frozen=True):
    order_id: str
    status: str
    amount: Decimal
    paid: Decimal = Decimal(0)
    attempt: int = 1
    warehouse: str = "north"


Seen = OrderPlaced | PaymentReceived | PaymentDeclined | StockReserved | OrderShipped | TimerDue | CommandRefused


@shop.process(key="order_id", retry=Retry(attempts=2, first=timedelta(0)))
def fulfilment(state: Fulfilment | None, event: Seen) -> Next[Fulfilment] | Ignored:
    match state, event:
        case None, OrderPlaced(order_id=id, amount=amount):
            asked = RequestPayment(order_id=id, attempt=1, amount=amount)
            return Next(Fulfilment(id, "awaiting", amount)).send(asked).timer("payment", PATIENCE)
        case Fulfilment(status="awaiting"), PaymentReceived(amount=amount):
            paid = replace(state, status="paid", paid=amount)
            return Next(paid).cancel("payment").send(Reserve(order_id=state.order_id, warehouse="north"))
        case Fulfilment(status="awaiting"), PaymentDeclined() | TimerDue(name="payment"):
            return _asked_again(state)
        case Fulfilment(status="paid", warehouse="north"), CommandRefused(error="SoldOut"):
            other = Reserve(order_id=state.order_id, warehouse="south")
            return Next(replace(state, warehouse="south")).send(other)
        case Fulfilment(status="paid"), CommandRefused(error="SoldOut"):
            money = Refund(order_id=state.order_id, amount=state.paid)
            given_up = CancelOrder(order_id=state.order_id, reason="sold out")
            return Next(replace(state, status="refunded")).send(money, given_up).end()
        case Fulfilment(status="paid"), StockReserved(warehouse=warehouse):
            return Next(replace(state, status="reserved")).send(Ship(order_id=state.order_id, warehouse=warehouse))
        case Fulfilment(status="reserved"), OrderShipped():
            return Next(replace(state, status="shipped")).end()
        case _:
            return IGNORE


def _asked_again(state: Fulfilment) -> Next[Fulfilment]:
    if state.attempt == 3:
        return Next(replace(state, status="unpaid")).send(CancelOrder(order_id=state.order_id, reason="unpaid")).end()
    attempt = state.attempt + 1
    asked = RequestPayment(order_id=state.order_id, attempt=attempt, amount=state.amount)
    return Next(replace(state, attempt=attempt)).send(asked).timer("payment", PATIENCE)

"""A process manager: one order over hours, with timeouts, other ways, and second tries.

::

    payment_pending -> inventory_pending -> shipping_pending -> completed
      |  ^ overdue       |  ^ other warehouse    |
      v  | next try      v  | an hour later      v
    failed <---------- out_of_stock ----------> failed: whatever was done is undone
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from examples.shop.inventory.commands import ReleaseInventory, ReserveInventory
from examples.shop.inventory.published import InventoryReservationFailed, InventoryReserved
from examples.shop.orders.commands import CancelOrder, TellCustomer
from examples.shop.orders.context import context
from examples.shop.orders.order import OrderCancelled, OrderPlaced
from examples.shop.orders.terms import Terms
from examples.shop.payment.commands import CancelPayment, ProcessPayment
from examples.shop.payment.published import PaymentFailed, PaymentProcessed
from examples.shop.shipping.commands import CancelShipment, ShipOrder
from examples.shop.shipping.published import OrderShipped, ShippingFailed
from leftfold import IGNORE, CommandRefused, Ignored, Next, TimerDue, sends

__all__ = ["Fulfilment", "FulfilmentEvent", "fulfilment"]

WAREHOUSES: Final = ("main", "alternate")

FulfilmentEvent = (
    OrderPlaced
    | OrderCancelled
    | PaymentProcessed
    | PaymentFailed
    | InventoryReserved
    | InventoryReservationFailed
    | OrderShipped
    | ShippingFailed
    | TimerDue
    | CommandRefused
)


@dataclass(frozen=True)
class Fulfilment:
    """How far an order is."""

    order_id: str
    items: dict[str, int]
    total: Decimal
    terms: Terms
    status: Literal[
        "payment_pending",
        "payment_overdue",
        "inventory_pending",
        "out_of_stock",
        "shipping_pending",
        "completed",
        "failed",
    ] = "payment_pending"
    attempt: int = 1
    warehouse: str = WAREHOUSES[0]
    restocks: int = 0


@context.process(key="order_id", missing=None)
@sends(
    ReserveInventory,
    ReleaseInventory,
    ProcessPayment,
    CancelPayment,
    ShipOrder,
    CancelShipment,
    CancelOrder,
    TellCustomer,
)
def fulfilment(state: Fulfilment | None, event: FulfilmentEvent) -> Next[Fulfilment] | Ignored:
    """What comes next; an event that a state does not wait for changes nothing in it."""
    match state, event:
        case None, OrderPlaced(run_by="process"):
            return _pay(Fulfilment(event.order_id, event.items, event.total, event.terms))
        case Fulfilment(), OrderCancelled():
            return _undo(state)
        case Fulfilment(status="payment_pending" | "payment_overdue"), _:
            return _paying(state, event)
        case Fulfilment(status="inventory_pending" | "out_of_stock"), _:
            return _reserving(state, event)
        case Fulfilment(status="shipping_pending"), _:
            return _shipping(state, event)
        case _:
            return IGNORE


def _paying(state: Fulfilment, event: FulfilmentEvent) -> Next[Fulfilment] | Ignored:
    overdue = state.status == "payment_overdue"
    match event:
        case PaymentProcessed(attempt=state.attempt) if not overdue:
            return _reserve(state).cancel("payment")
        case TimerDue(name="payment"):
            undo = CancelPayment(order_id=state.order_id, attempt=state.attempt)
            return Next(replace(state, status="payment_overdue")).send(undo)
        case PaymentFailed(attempt=state.attempt) if state.attempt < state.terms.attempts:
            return _pay(replace(state, attempt=state.attempt + 1))
        case PaymentFailed(attempt=state.attempt):
            return _fail(_over(state), "it was not paid")
        case _:
            return IGNORE


def _reserving(state: Fulfilment, event: FulfilmentEvent) -> Next[Fulfilment] | Ignored:
    waiting = state.status == "out_of_stock"
    match event:
        case InventoryReserved() if not waiting:
            ship = ShipOrder(order_id=state.order_id, warehouse=state.warehouse)
            return Next(replace(state, status="shipping_pending")).cancel("inventory").send(ship)
        case InventoryReservationFailed(warehouse=state.warehouse) if not waiting:
            return _elsewhere(state)
        case TimerDue(name="inventory"):
            return _fail(_undo(state), "the warehouse does not answer")
        case TimerDue(name="restock"):
            return _reserve(replace(state, warehouse=WAREHOUSES[0], restocks=state.restocks + 1))
        case _:
            return IGNORE


def _shipping(state: Fulfilment, event: FulfilmentEvent) -> Next[Fulfilment] | Ignored:
    match event:
        case OrderShipped():
            return Next(replace(state, status="completed")).end()
        case ShippingFailed(reason=reason):
            return _fail(_undo(state), f"it cannot be shipped, {reason}")
        case _:
            return IGNORE


def _pay(state: Fulfilment) -> Next[Fulfilment]:
    """Ask for the money, the same for every attempt, which each have as much time."""
    pay = ProcessPayment(order_id=state.order_id, amount=state.total, attempt=state.attempt)
    return Next(replace(state, status="payment_pending")).send(pay).timer("payment", state.terms.pay_within)


def _reserve(state: Fulfilment) -> Next[Fulfilment]:
    reserve = ReserveInventory(order_id=state.order_id, items=state.items, warehouse=state.warehouse)
    waiting = Next(replace(state, status="inventory_pending"))
    return waiting.send(reserve).timer("inventory", state.terms.reserve_within)


def _elsewhere(state: Fulfilment) -> Next[Fulfilment]:
    """The next warehouse; when none has it, all of them again, an hour later, for a day."""
    if state.warehouse != WAREHOUSES[-1]:
        return _reserve(replace(state, warehouse=WAREHOUSES[WAREHOUSES.index(state.warehouse) + 1]))
    if state.restocks == state.terms.restocks:
        return _fail(_undo(state), "it is out of stock")
    waiting = Next(replace(state, status="out_of_stock")).cancel("inventory")
    return waiting.timer("restock", state.terms.restock_every)


def _over(state: Fulfilment) -> Next[Fulfilment]:
    return Next(replace(state, status="failed")).end()


def _undo(state: Fulfilment) -> Next[Fulfilment]:
    """Undo what was done, and what may still be on its way."""
    over = _over(state)
    if state.status == "shipping_pending":
        over = over.send(CancelShipment(order_id=state.order_id))
    if state.status in ("shipping_pending", "inventory_pending"):
        over = over.send(ReleaseInventory(order_id=state.order_id))
    return over.send(CancelPayment(order_id=state.order_id, attempt=state.attempt))


def _fail(over: Next[Fulfilment], reason: str) -> Next[Fulfilment]:
    order_id = over.state.order_id
    told = TellCustomer(order_id=order_id, text=f"We are sorry: {reason}.")
    return over.send(CancelOrder(order_id=order_id, reason=reason), told)

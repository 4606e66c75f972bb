"""Orchestration: one saga that knows every step, and how each is undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from examples.shop.inventory.commands import ReleaseInventory, ReserveInventory
from examples.shop.orders.context import context
from examples.shop.orders.order import OrderPlaced
from examples.shop.payment.commands import CancelPayment, ProcessPayment
from examples.shop.refusal import Refused
from examples.shop.shipping.commands import CancelShipment, ShipOrder
from leftfold import Attempt, Command, Outcome, Retry, Saga, Sender, sends, step

__all__ = ["PlaceOrder"]

_SOON: Final = Retry(attempts=3, first=timedelta(milliseconds=50))


@context.saga
class PlaceOrder(Saga, deadline=timedelta(minutes=30)):
    """Reserve, charge, ship; or nothing of it."""

    order_id: str
    items: dict[str, int]
    total: Decimal

    @step(retry=_SOON)
    @sends(ReserveInventory)
    async def reserve_inventory(self, sender: Sender, attempt: Attempt) -> None:
        """Hold what is wanted."""
        await _do(ReserveInventory(order_id=self.order_id, items=self.items), sender, attempt)

    @reserve_inventory.undo(retry=_SOON)
    @sends(ReleaseInventory)
    async def release_inventory(self, _was: Outcome[None], sender: Sender, attempt: Attempt) -> None:
        """Put it back."""
        await sender.send(ReleaseInventory(order_id=self.order_id), id=attempt.key)

    @step(retry=_SOON)
    @sends(ProcessPayment)
    async def process_payment(self, sender: Sender, attempt: Attempt) -> None:
        """Take the money."""
        await _do(ProcessPayment(order_id=self.order_id, amount=self.total), sender, attempt)

    @process_payment.undo(retry=_SOON)
    @sends(CancelPayment)
    async def refund_payment(self, _was: Outcome[None], sender: Sender, attempt: Attempt) -> None:
        """Give it back."""
        await sender.send(CancelPayment(order_id=self.order_id), id=attempt.key)

    @step(retry=_SOON)
    @sends(ShipOrder)
    async def ship_order(self, sender: Sender, attempt: Attempt) -> None:
        """Send the parcel."""
        await _do(ShipOrder(order_id=self.order_id), sender, attempt)

    @ship_order.undo(retry=_SOON)
    @sends(CancelShipment)
    async def cancel_shipment(self, _was: Outcome[None], sender: Sender, attempt: Attempt) -> None:
        """Have it brought back."""
        await sender.send(CancelShipment(order_id=self.order_id), id=attempt.key)


@context.starts
def begin(event: OrderPlaced) -> PlaceOrder | None:
    """An order that says so is a saga's."""
    if event.run_by != "saga":
        return None
    return PlaceOrder(order_id=event.order_id, items=event.items, total=event.total)


async def _do(command: Command[str | None], sender: Sender, attempt: Attempt) -> None:
    """Have a command carried out, once for all tries; a reason instead of None says that nothing was done."""
    receipt = await sender.send(command, id=attempt.key)
    if receipt.result is not None:
        raise Refused(reason=receipt.result)

"""What payment does."""

from __future__ import annotations

from examples.shop.gateway import Gateway
from examples.shop.inventory.published import InventoryReserved
from examples.shop.orders.published import OrderCancelled
from examples.shop.payment import published
from examples.shop.payment.commands import CancelPayment, ProcessPayment
from examples.shop.payment.ledger import Payment, PaymentFailed, PaymentProcessed, PaymentRefunded, PaymentVoided
from examples.shop.refusal import Refused
from leftfold import Context, Repository
from leftfold.contexts import Subdomain

__all__ = ["context"]

context = Context(
    "payment",
    team="Finance",
    purpose="Take money, and give it back",
    subdomain=Subdomain.GENERIC,
    package="examples.shop.payment",
    published=("examples.shop.payment.commands", "examples.shop.payment.published"),
)


@context.command
async def process(command: ProcessPayment, payments: Repository[Payment], gateway: Gateway) -> str | None:
    """Ask the gateway, and note its answer; run again after a crash, it asks with the same key."""
    payment = await payments.find(command.order_id) or payments.new(command.order_id)
    if payment.is_open(command.attempt):
        try:
            await gateway.charge(_key(command), command.amount)
        except Refused as no:
            payment.refuse(command.attempt, command.amount, no.reason)
        else:
            payment.take(command.attempt, command.amount, ship=command.ship)
    return payment.refused.get(command.attempt)


@context.command
async def cancel(command: CancelPayment, payments: Repository[Payment], gateway: Gateway) -> None:
    """Have the gateway see to it that the attempt comes to nothing, and note that."""
    payment = await payments.find(command.order_id) or payments.new(command.order_id)
    await gateway.cancel(_key(command))
    payment.cancel(command.attempt)


@context.publishes
def processed(event: PaymentProcessed) -> published.PaymentProcessed:
    """The amount stays inside."""
    return published.PaymentProcessed(order_id=event.order_id, attempt=event.attempt, ship=event.ship)


@context.publishes
def failed(event: PaymentFailed | PaymentRefunded | PaymentVoided) -> published.PaymentFailed:
    """It has come to nothing, whatever the way."""
    reason = event.reason if isinstance(event, PaymentFailed) else "cancelled"
    return published.PaymentFailed(order_id=event.order_id, attempt=event.attempt, reason=reason)


@context.reacts
def collect(event: InventoryReserved) -> ProcessPayment | None:
    """What is held has to be paid, and then shipped."""
    if event.collect is None:
        return None
    return ProcessPayment(order_id=event.order_id, amount=event.collect, ship=True)


@context.reacts
def give_back(event: OrderCancelled) -> CancelPayment | None:
    """Unless it broke before anything could be paid."""
    if event.run_by != "events" or event.broke_at in ("inventory", "payment"):
        return None
    return CancelPayment(order_id=event.order_id)


def _key(command: ProcessPayment | CancelPayment) -> str:
    return f"{command.order_id}/{command.attempt}"

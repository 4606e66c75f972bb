"""What shipping does."""

from __future__ import annotations

from examples.shop.carrier import Carrier
from examples.shop.orders.published import OrderCancelled
from examples.shop.payment.published import PaymentProcessed
from examples.shop.refusal import Refused
from examples.shop.shipping import published
from examples.shop.shipping.commands import CancelShipment, ShipOrder
from examples.shop.shipping.parcel import OrderShipped, Parcel, ShipmentCancelled, ShipmentVoided, ShippingFailed
from leftfold import Context, Repository
from leftfold.contexts import Subdomain

__all__ = ["context"]

context = Context(
    "shipping",
    team="Logistics",
    purpose="Bring parcels to customers",
    subdomain=Subdomain.SUPPORTING,
    package="examples.shop.shipping",
    published=("examples.shop.shipping.commands", "examples.shop.shipping.published"),
)


@context.command
async def ship(command: ShipOrder, parcels: Repository[Parcel], carrier: Carrier) -> str | None:
    """Ask the carrier, and note its answer; run again after a crash, it asks with the same key."""
    parcel = await parcels.find(command.order_id) or parcels.new(command.order_id)
    if parcel.is_open:
        try:
            await carrier.collect(command.order_id, command.warehouse)
        except Refused as no:
            parcel.refuse(no.reason)
        else:
            parcel.ship(command.warehouse)
    return parcel.refusal


@context.command
async def cancel(command: CancelShipment, parcels: Repository[Parcel], carrier: Carrier) -> None:
    """Have the carrier bring it back or never take it, and note that."""
    parcel = await parcels.find(command.order_id) or parcels.new(command.order_id)
    await carrier.bring_back(command.order_id)
    parcel.cancel()


@context.publishes
def shipped(event: OrderShipped) -> published.OrderShipped:
    """It is under way."""
    return published.OrderShipped(order_id=event.order_id)


@context.publishes
def failed(event: ShippingFailed | ShipmentCancelled | ShipmentVoided) -> published.ShippingFailed:
    """It is not, or not any more."""
    reason = event.reason if isinstance(event, ShippingFailed) else "cancelled"
    return published.ShippingFailed(order_id=event.order_id, reason=reason)


@context.reacts
def send_what_is_paid(event: PaymentProcessed) -> ShipOrder | None:
    """The last step of an order that nobody coordinates."""
    return ShipOrder(order_id=event.order_id) if event.ship else None


@context.reacts
def stop_what_is_not_wanted(event: OrderCancelled) -> CancelShipment | None:
    """Only a customer can have changed their mind as late as that."""
    if event.run_by != "events" or event.broke_at != "customer":
        return None
    return CancelShipment(order_id=event.order_id)

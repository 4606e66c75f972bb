"""Shipping is the partner of orders: each follows the other, and neither changes alone."""

from __future__ import annotations

from leftfold import Aggregate, Command, ConsumerView, Context, Event, IntegrationEvent, applies

__all__ = ["context"]

context = Context("shipping", team="carriers", purpose="Bring it there", package=__name__)


class ShipmentPlanned(Event, name="acme.ShipmentPlanned"):
    """It will be sent."""

    order: str


class Shipment(Aggregate[ShipmentPlanned], category="acme_shipment"):
    """What is sent for one order."""

    planned: bool = False

    def plan(self) -> None:
        """Once."""
        if not self.planned:
            self.record(ShipmentPlanned(order=self.id))

    @applies
    def _planned(self, _event: ShipmentPlanned) -> None:
        self.planned = True


class PlanShipment(Command):
    """Send it."""

    order: str


class ShipmentCreated(IntegrationEvent, name="shipping.shipment_created"):
    """What the partner tells the buyer."""

    order: str
    shipment: str


class OrderSeen(ConsumerView, of="orders.order_taken", versions=">=1"):
    """What the partner says."""

    order: str


@context.decides(Shipment, id="order")
def plan_shipment(_command: PlanShipment, shipment: Shipment) -> None:
    """Decide."""
    shipment.plan()


@context.translates
def order_seen(event: OrderSeen) -> PlanShipment:
    """In one's own words."""
    return PlanShipment(order=event.order)


@context.publishes
def shipment_created(event: ShipmentPlanned) -> ShipmentCreated:
    """The buyer waits for it."""
    return ShipmentCreated(order=event.order, shipment=f"shipment of {event.order}")

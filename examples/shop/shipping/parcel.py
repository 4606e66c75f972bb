"""The domain: the parcel of an order."""

from __future__ import annotations

from leftfold import Aggregate, DomainError, Event, applies

__all__ = [
    "OrderShipped",
    "Parcel",
    "ShipmentCancelled",
    "ShipmentClosed",
    "ShipmentVoided",
    "ShippingFailed",
]


class OrderShipped(Event):
    """The carrier has taken it along."""

    order_id: str
    warehouse: str


class ShippingFailed(Event):
    """The carrier has refused it."""

    order_id: str
    reason: str


class ShipmentCancelled(Event):
    """The carrier has brought it back."""

    order_id: str


class ShipmentVoided(Event):
    """It never left, and may not leave any more."""

    order_id: str


class ShipmentClosed(DomainError):
    """The shipment was cancelled."""

    order_id: str


class Parcel(Aggregate[OrderShipped | ShippingFailed | ShipmentCancelled | ShipmentVoided]):
    """The parcel of one order."""

    shipped: bool = False
    closed: bool = False
    refusal: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the carrier is to be asked."""
        if self.closed:
            raise ShipmentClosed(order_id=self.id)
        return not self.shipped and self.refusal is None

    def ship(self, warehouse: str) -> None:
        """The carrier has taken it along."""
        self.record(OrderShipped(order_id=self.id, warehouse=warehouse))

    def refuse(self, reason: str) -> None:
        """The carrier has said no."""
        self.record(ShippingFailed(order_id=self.id, reason=reason))

    def cancel(self) -> None:
        """The carrier has brought it back, or will never take it."""
        if not self.closed:
            self.record((ShipmentCancelled if self.shipped else ShipmentVoided)(order_id=self.id))

    @applies
    def _shipped(self, _event: OrderShipped) -> None:
        self.shipped = True

    @applies
    def _failed(self, event: ShippingFailed) -> None:
        self.refusal = event.reason

    @applies
    def _closed(self, _event: ShipmentCancelled | ShipmentVoided) -> None:
        self.shipped, self.closed = False, True

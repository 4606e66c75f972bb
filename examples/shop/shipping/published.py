"""What others may know of shipping."""

from __future__ import annotations

from leftfold import IntegrationEvent

__all__ = ["OrderShipped", "ShippingFailed"]


class OrderShipped(IntegrationEvent, name="shipping.shipped"):
    """A parcel is under way."""

    order_id: str


class ShippingFailed(IntegrationEvent, name="shipping.failed"):
    """No parcel is under way, for certain."""

    order_id: str
    reason: str

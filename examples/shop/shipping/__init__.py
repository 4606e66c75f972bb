"""Shipping: parcels under way."""

from __future__ import annotations

from examples.shop.shipping.commands import CancelShipment, ShipOrder
from examples.shop.shipping.context import context
from examples.shop.shipping.published import OrderShipped, ShippingFailed

__all__ = ["CancelShipment", "OrderShipped", "ShipOrder", "ShippingFailed", "context"]

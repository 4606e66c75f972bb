"""What shipping can be told to do."""

from __future__ import annotations

from leftfold import Command

__all__ = ["CancelShipment", "ShipOrder"]


class ShipOrder(Command[str | None]):
    """Send a parcel; answers why not, or None."""

    order_id: str
    warehouse: str = "main"


class CancelShipment(Command):
    """See to it that no parcel is under way for an order, now and for ever."""

    order_id: str

"""What others may know of inventory."""

from __future__ import annotations

from decimal import Decimal

from leftfold import IntegrationEvent

__all__ = ["InventoryReservationFailed", "InventoryReserved"]


class InventoryReserved(IntegrationEvent, name="inventory.reserved"):
    """Everything that an order needs is held."""

    order_id: str
    warehouse: str
    collect: Decimal | None


class InventoryReservationFailed(IntegrationEvent, name="inventory.reservation_failed"):
    """Nothing is held for an order in this warehouse."""

    order_id: str
    warehouse: str
    reason: str

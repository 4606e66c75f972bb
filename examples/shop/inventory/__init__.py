"""Inventory: what is on the shelves, and what is held for orders."""

from __future__ import annotations

from examples.shop.inventory.commands import ReceiveStock, ReleaseInventory, ReserveInventory
from examples.shop.inventory.context import context
from examples.shop.inventory.published import InventoryReservationFailed, InventoryReserved

__all__ = [
    "InventoryReservationFailed",
    "InventoryReserved",
    "ReceiveStock",
    "ReleaseInventory",
    "ReserveInventory",
    "context",
]

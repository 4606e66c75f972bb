"""What inventory can be told to do."""

from __future__ import annotations

from decimal import Decimal

from leftfold import Command

__all__ = ["ReceiveStock", "ReleaseInventory", "ReserveInventory"]


class ReceiveStock(Command):
    """Put goods on a shelf."""

    warehouse: str
    product: str
    quantity: int


class ReserveInventory(Command[str | None]):
    """Hold everything that an order needs in one warehouse; answers why not, or None.

    *collect* is what payment is to collect next, when nobody coordinates the order.
    """

    order_id: str
    items: dict[str, int]
    warehouse: str = "main"
    collect: Decimal | None = None


class ReleaseInventory(Command):
    """See to it that nothing is held for an order, now and for ever."""

    order_id: str

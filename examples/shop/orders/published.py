"""What others may know of orders."""

from __future__ import annotations

from decimal import Decimal

from examples.shop.orders.terms import BrokeAt, RunBy
from leftfold import IntegrationEvent

__all__ = ["OrderCancelled", "OrderPlaced"]


class OrderPlaced(IntegrationEvent, name="orders.placed"):
    """Somebody wants something."""

    order_id: str
    items: dict[str, int]
    total: Decimal
    run_by: RunBy


class OrderCancelled(IntegrationEvent, name="orders.cancelled"):
    """Nobody wants it any more, or it cannot be had."""

    order_id: str
    run_by: RunBy
    broke_at: BrokeAt

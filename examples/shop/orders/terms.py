"""Words that orders are spoken of in."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["BrokeAt", "RunBy", "Terms"]

RunBy: TypeAlias = Literal["saga", "events", "process"]
"""Who carries an order through the shop: one of them, never two."""

BrokeAt: TypeAlias = Literal["inventory", "payment", "shipping", "customer"]
"""Which step has come to nothing."""


class Terms(Struct, frozen=True, kw_only=True):
    """How long the shop waits.

    Args:
        pay_within: for one attempt to pay.
        reserve_within: for a warehouse.
        restock_every: between two looks for goods that nobody has.
        attempts: to pay, in all.
        restocks: looks for goods, before the customer is told.
    """

    pay_within: timedelta = timedelta(seconds=30)
    reserve_within: timedelta = timedelta(seconds=60)
    restock_every: timedelta = timedelta(hours=1)
    attempts: int = 3
    restocks: int = 24

"""What payment can be told to do."""

from __future__ import annotations

from decimal import Decimal

from leftfold import Command

__all__ = ["CancelPayment", "ProcessPayment"]


class ProcessPayment(Command[str | None]):
    """Take the money for an order; answers why not, or None.

    *attempt* counts from 1: one that was refused is over, and the next is another one. *ship* says that shipping is
    next, when nobody coordinates the order.
    """

    order_id: str
    amount: Decimal
    attempt: int = 1
    ship: bool = False


class CancelPayment(Command):
    """See to it that an attempt comes to nothing: what it has taken is given back, and it takes nothing any more."""

    order_id: str
    attempt: int = 1

"""What orders can be told to do."""

from __future__ import annotations

from decimal import Decimal

from examples.shop.orders.terms import BrokeAt, RunBy, Terms
from leftfold import Command

__all__ = ["BreakOff", "CancelOrder", "CompleteOrder", "SubmitOrder", "TellCustomer"]


class SubmitOrder(Command):
    """Order something; *run_by* says who carries the order through the shop."""

    order_id: str
    customer: str
    items: dict[str, int]
    total: Decimal
    run_by: RunBy
    terms: Terms = Terms()


class CompleteOrder(Command):
    """The parcel is under way."""

    order_id: str


class CancelOrder(Command):
    """Whoever may says that the order is not wanted any more."""

    order_id: str
    reason: str


class BreakOff(Command):
    """A step of the order has come to nothing; unless a process decides about that, the order is over."""

    order_id: str
    broke_at: BrokeAt
    reason: str


class TellCustomer(Command):
    """Tell the customer how it stands."""

    order_id: str
    text: str

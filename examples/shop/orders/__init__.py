"""Orders: what customers want, and who carries it through the shop."""

from __future__ import annotations

from examples.shop.orders.commands import BreakOff, CancelOrder, CompleteOrder, SubmitOrder, TellCustomer
from examples.shop.orders.context import context
from examples.shop.orders.fulfilment import Fulfilment, FulfilmentEvent, fulfilment
from examples.shop.orders.place_order import PlaceOrder
from examples.shop.orders.published import OrderCancelled, OrderPlaced
from examples.shop.orders.terms import Terms

__all__ = [
    "BreakOff",
    "CancelOrder",
    "CompleteOrder",
    "Fulfilment",
    "FulfilmentEvent",
    "OrderCancelled",
    "OrderPlaced",
    "PlaceOrder",
    "SubmitOrder",
    "TellCustomer",
    "Terms",
    "context",
    "fulfilment",
]

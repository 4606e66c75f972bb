"""Payment: what was taken for orders, and given back."""

from __future__ import annotations

from examples.shop.payment.commands import CancelPayment, ProcessPayment
from examples.shop.payment.context import context
from examples.shop.payment.published import PaymentFailed, PaymentProcessed

__all__ = ["CancelPayment", "PaymentFailed", "PaymentProcessed", "ProcessPayment", "context"]

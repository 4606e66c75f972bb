"""What others may know of payment."""

from __future__ import annotations

from leftfold import IntegrationEvent

__all__ = ["PaymentFailed", "PaymentProcessed"]


class PaymentProcessed(IntegrationEvent, name="payment.processed"):
    """An order is paid."""

    order_id: str
    attempt: int
    ship: bool


class PaymentFailed(IntegrationEvent, name="payment.failed"):
    """An attempt has come to nothing, for certain."""

    order_id: str
    attempt: int
    reason: str

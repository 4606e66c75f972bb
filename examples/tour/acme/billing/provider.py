"""What billing takes of the provider: its very type, as it is."""

from __future__ import annotations

from examples.tour.acme.billing.books import RecordPayment, context
from examples.tour.acme.provider import ChargeSucceeded

__all__ = ["charged"]


@context.reacts
def charged(event: ChargeSucceeded) -> RecordPayment:
    """A conformist changes nothing."""
    return RecordPayment(payment=event.charge_id, cents=event.amount_cents)

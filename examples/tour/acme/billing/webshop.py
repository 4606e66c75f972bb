"""The anti-corruption layer before the web shop: nothing else in billing knows its words."""

from __future__ import annotations

from examples.tour.acme.billing.books import RecordPayment, context
from leftfold import ConsumerView, Money

__all__ = ["sold"]


class SoldSeen(ConsumerView, of="webshop.sold", versions=">=1"):
    """What is read of a sale."""

    sale: str
    amt: str


@context.translates
def sold(event: SoldSeen) -> RecordPayment:
    """Dollars in text become cents, exactly."""
    return RecordPayment(payment=event.sale, cents=Money.of(event.amt, "USD").minor)

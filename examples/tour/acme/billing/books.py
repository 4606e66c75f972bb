"""Billing's own words: a payment of so many cents."""

from __future__ import annotations

from dataclasses import dataclass

from leftfold import Aggregate, Command, Context, Event, Query, ReadModel, applies

__all__ = ["FindPayment", "RecordPayment", "context"]

context = Context("billing", team="finance", purpose="Know what was paid", package=__name__.rpartition(".")[0])


class Paid(Event, name="acme.Paid"):
    """Money came."""

    payment: str
    cents: int


class Payment(Aggregate[Paid], category="acme_payment"):
    """One payment."""

    recorded: bool = False

    def record_once(self, cents: int) -> None:
        """Take note."""
        if not self.recorded:
            self.record(Paid(payment=self.id, cents=cents))

    @applies
    def _paid(self, _event: Paid) -> None:
        self.recorded = True


class RecordPayment(Command):
    """Take note of a payment."""

    payment: str
    cents: int


@context.decides(Payment, id="payment")
def record_payment(command: RecordPayment, payment: Payment) -> None:
    """Decide."""
    payment.record_once(command.cents)


@dataclass(frozen=True)
class PaymentRow:
    """What was paid."""

    payment: str
    cents: int


class FindPayment(Query[PaymentRow | None]):
    """What was paid?"""

    payment: str


@context.projection(key="payment", name="acme_payments")
def payments(_row: PaymentRow | None, event: Paid) -> PaymentRow:
    """One a payment."""
    return PaymentRow(event.payment, event.cents)


@context.query
async def find_payment(query: FindPayment, rows: ReadModel[PaymentRow]) -> PaymentRow | None:
    """Ask the table."""
    return await rows.get(query.payment)

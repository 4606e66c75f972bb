"""The domain: what was paid for an order, and what was tried."""

from __future__ import annotations

from decimal import Decimal

from leftfold import Aggregate, DomainError, Event, applies

__all__ = [
    "Payment",
    "PaymentClosed",
    "PaymentFailed",
    "PaymentProcessed",
    "PaymentRefunded",
    "PaymentVoided",
]


class PaymentProcessed(Event):
    """An order is paid."""

    order_id: str
    attempt: int
    amount: Decimal
    ship: bool = False


class PaymentFailed(Event):
    """The gateway has refused an attempt."""

    order_id: str
    attempt: int
    amount: Decimal
    reason: str


class PaymentRefunded(Event):
    """What was taken was given back."""

    order_id: str
    attempt: int


class PaymentVoided(Event):
    """Nothing was taken, and nothing may be."""

    order_id: str
    attempt: int


class PaymentClosed(DomainError):
    """This attempt was cancelled."""

    order_id: str
    attempt: int


class Payment(Aggregate[PaymentProcessed | PaymentFailed | PaymentRefunded | PaymentVoided]):
    """The payment of one order."""

    paid_by: int | None = None
    closed: frozenset[int] = frozenset()
    refused: dict[int, str] = {}  # noqa: RUF012 - each has its own

    def is_open(self, attempt: int) -> bool:
        """Whether the gateway is to be asked."""
        if attempt in self.closed:
            raise PaymentClosed(order_id=self.id, attempt=attempt)
        return self.paid_by is None and attempt not in self.refused

    def take(self, attempt: int, amount: Decimal, *, ship: bool) -> None:
        """The gateway has taken the money."""
        self.record(PaymentProcessed(order_id=self.id, attempt=attempt, amount=amount, ship=ship))

    def refuse(self, attempt: int, amount: Decimal, reason: str) -> None:
        """The gateway has said no."""
        self.record(PaymentFailed(order_id=self.id, attempt=attempt, amount=amount, reason=reason))

    def cancel(self, attempt: int) -> None:
        """The gateway has undone it, or will never do it."""
        if attempt in self.closed or attempt in self.refused:
            return
        made = PaymentRefunded if self.paid_by == attempt else PaymentVoided
        self.record(made(order_id=self.id, attempt=attempt))

    @applies
    def _processed(self, event: PaymentProcessed) -> None:
        self.paid_by = event.attempt

    @applies
    def _failed(self, event: PaymentFailed) -> None:
        self.refused[event.attempt] = event.reason

    @applies
    def _closed(self, event: PaymentRefunded | PaymentVoided) -> None:
        self.closed |= {event.attempt}
        if self.paid_by == event.attempt:
            self.paid_by = None

"""Money that is never negative."""

from __future__ import annotations

from decimal import Decimal

from leftfold import DomainError, Money

LIMIT = Decimal("1_000_000.00")


class Negative(DomainError):
    """Less than nothing."""

    amount: str


class Total(Money, frozen=True):
    """An amount to pay."""

    def __post_init__(self) -> None:
        """Check it, too."""
        super().__post_init__()
        if not 0 <= self.amount <= LIMIT:
            raise Negative(amount=f"{self.amount:,} {self.currency!s:>4}")

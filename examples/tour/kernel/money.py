"""Money as both contexts mean it: what is owed or paid, which is never less than nothing."""

from __future__ import annotations

import leftfold
from leftfold import DomainError

__all__ = ["Money", "NegativeAmount"]


class NegativeAmount(DomainError):
    """Nobody owes less than nothing."""

    amount: str


class Money(leftfold.Money, frozen=True):
    """An amount of one currency that is not negative."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.amount < 0:
            raise NegativeAmount(amount=f"{self.amount} {self.currency}")

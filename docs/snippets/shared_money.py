"""What ordering and billing share, and change only together."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from leftfold import DomainError, IntegrationEvent, Money

CustomerId = Annotated[str, Meta(pattern=r"^CUST-\d+$")]


class Negative(DomainError):
    """Nobody pays less than nothing."""

    amount: str


class Total(Money, frozen=True):
    """What is to be paid."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.amount < 0:
            raise Negative(amount=str(self.amount))


class CustomerRegistered(IntegrationEvent):
    customer_id: CustomerId

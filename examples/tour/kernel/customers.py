"""Customers as both contexts mean them."""

from __future__ import annotations

from msgspec import Struct

from leftfold import DomainError, Event

__all__ = ["CustomerId", "CustomerRegistered", "NoCustomerId"]

_PREFIX = "CUST-"


class NoCustomerId(DomainError):
    """The id of a customer begins with `CUST-`."""

    value: str


class CustomerId(Struct, frozen=True):
    """Which customer."""

    value: str

    def __post_init__(self) -> None:
        if not self.value.startswith(_PREFIX):
            raise NoCustomerId(value=self.value)


class CustomerRegistered(Event):
    """Somebody has become a customer, of both contexts."""

    customer: CustomerId
    email: str

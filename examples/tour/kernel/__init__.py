"""What sales and billing share, and change together or not at all."""

from __future__ import annotations

from examples.tour.kernel.customers import CustomerId, CustomerRegistered, NoCustomerId
from examples.tour.kernel.money import Money, NegativeAmount

__all__ = ["CustomerId", "CustomerRegistered", "Money", "NegativeAmount", "NoCustomerId"]

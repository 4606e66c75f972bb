"""Domain: what decides.

In: events of a stream, and a decision to take. Out: new events, or a `DomainError` that says no.
May import: errors, messages.
"""

from leftfold.domain.aggregate import Aggregate, applies
from leftfold.domain.core import Core
from leftfold.domain.currency import UnknownCurrency, minor_units
from leftfold.domain.decider import Decider
from leftfold.domain.errors import DomainError
from leftfold.domain.folding import Folding
from leftfold.domain.money import CurrencyMismatch, InvalidAllocation, InvalidAmount, Money, Rounding

__all__ = [
    "Aggregate",
    "Core",
    "CurrencyMismatch",
    "Decider",
    "DomainError",
    "Folding",
    "InvalidAllocation",
    "InvalidAmount",
    "Money",
    "Rounding",
    "UnknownCurrency",
    "applies",
    "minor_units",
]

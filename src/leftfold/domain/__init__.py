"""Domain: what decides.

In: events of a stream, and a decision to take. Out: new events, or a `DomainError` that says no.
May import: errors, messages.
"""

from typing import TYPE_CHECKING

from leftfold.on_demand import names_of as _names_of

if TYPE_CHECKING:
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

_MODULES = {
    "aggregate": ("Aggregate", "applies"),
    "core": ("Core",),
    "currency": ("UnknownCurrency", "minor_units"),
    "decider": ("Decider",),
    "errors": ("DomainError",),
    "folding": ("Folding",),
    "money": ("CurrencyMismatch", "InvalidAllocation", "InvalidAmount", "Money", "Rounding"),
}

if not TYPE_CHECKING:  # a checker would take every name for one that is there
    __getattr__, __dir__ = _names_of(__name__, _MODULES)

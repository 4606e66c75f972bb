"""Money: an exact, signed amount of one currency."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Final, Self

from msgspec import Struct
from msgspec.structs import force_setattr

from leftfold.domain.currency import minor_units
from leftfold.domain.errors import DomainError
from leftfold.messages.given import is_whole

__all__ = ["MAX_DIGITS", "CurrencyMismatch", "InvalidAllocation", "InvalidAmount", "Money", "Rounding"]

MAX_DIGITS: Final = 36
"""Digits of an amount in minor units."""

_MAX_FACTOR_DIGITS: Final = 1_000

_CONTEXT: Final = decimal.Context(prec=2 * MAX_DIGITS, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


class InvalidAmount(DomainError, ValueError):
    """Not an amount of this currency."""

    amount: str
    currency: str
    reason: str


class CurrencyMismatch(DomainError, ValueError):
    """Different currencies have no sum, difference or order; exchange one of them first."""

    left: str
    right: str


class InvalidAllocation(DomainError, ValueError):
    """Money is allocated by ratios that are not negative and not all zero."""

    ratios: tuple[int | Decimal, ...]


class Rounding(Enum):
    """What happens to a fraction of the minor unit."""

    HALF_EVEN = decimal.ROUND_HALF_EVEN
    """To the nearest; a half to the even neighbour."""

    HALF_UP = decimal.ROUND_HALF_UP
    """To the nearest; a half away from zero."""

    HALF_DOWN = decimal.ROUND_HALF_DOWN
    """To the nearest; a half towards zero."""

    UP = decimal.ROUND_UP
    """Away from zero."""

    DOWN = decimal.ROUND_DOWN
    """Towards zero."""

    CEILING = decimal.ROUND_CEILING
    """To the greater."""

    FLOOR = decimal.ROUND_FLOOR
    """To the less."""


class Money(Struct, frozen=True):
    """An exact, signed amount of one currency, with as many decimals as the currency has.

    Arithmetic never rounds unless a rounding is named, and never mixes currencies. In an event it is the JSON object
    `{"amount": "12.30", "currency": "EUR"}`.

    Args:
        amount: in major units; given the decimals of its currency, so equal money looks equal.
        currency: alphabetic code of ISO 4217.

    Raises:
        UnknownCurrency: no such code.
        InvalidAmount: not a finite Decimal, more decimals than the currency has, or above `MAX_DIGITS` digits.

    Source: Fowler, Patterns of Enterprise Application Architecture, 2002, Money.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        force_setattr(self, "amount", _exact(self.amount, self.currency))

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Make money from a Decimal, a whole number of major units, or text like "12.30"; a float is refused.

        Raises:
            UnknownCurrency, InvalidAmount: see the class.
        """
        return cls(_decimal(amount, currency), currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """Make money from a whole number of minor units: 1230 for 12.30 EUR.

        Raises:
            UnknownCurrency, InvalidAmount: see the class.
        """
        if not is_whole(minor):
            raise InvalidAmount(amount=repr(minor), currency=currency, reason="no minor units; give a whole number")
        return cls(Decimal(minor).scaleb(-minor_units(currency), _CONTEXT), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units: 1230 for 12.30 EUR."""
        return int(self.amount.scaleb(minor_units(self.currency), _CONTEXT))

    def __add__(self, other: Money) -> Self:
        if not _is_money(other):
            return NotImplemented
        return self.of_minor(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Self:
        if not _is_money(other):
            return NotImplemented
        return self.of_minor(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Self:
        return self.of_minor(-self.minor, self.currency)

    def __abs__(self) -> Self:
        return self.of_minor(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __mul__(self, factor: int) -> Self:
        """A whole number of times this money; `times` takes other factors.

        Raises:
            InvalidAmount: the factor is no whole number, or the product has too many digits.
        """
        self._check_factor(factor)
        if _is_decimal(factor):
            raise self._refused(factor, "no whole number; use times(factor, rounding)")
        return self.of_minor(self.minor * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        if not _is_money(other):
            return NotImplemented
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        if not _is_money(other):
            return NotImplemented
        return self.amount <= self._same(other).amount

    def __gt__(self, other: Money) -> bool:
        if not _is_money(other):
            return NotImplemented
        return self.amount > self._same(other).amount

    def __ge__(self, other: Money) -> bool:
        if not _is_money(other):
            return NotImplemented
        return self.amount >= self._same(other).amount

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def times(self, factor: Decimal | int, rounding: Rounding) -> Self:
        """Multiply by any exact factor, and round what is left below the minor unit.

        Raises:
            InvalidAmount: the factor is a float or not finite, it or the product has too many digits, or *rounding* is
                none.
        """
        self._check_factor(factor)
        if not _is_rounding(rounding):
            raise self._refused(factor, f"rounding={rounding!r:.80}; give a Rounding, as in Rounding.HALF_UP")
        if isinstance(factor, Decimal) and not factor.is_finite():
            raise self._refused(factor, "not finite")
        if not _is_short(factor):
            raise self._refused(factor, f"a factor of more than {_MAX_FACTOR_DIGITS} digits")
        return self.of_minor(_rounded(self.minor * Fraction(factor), rounding), self.currency)

    def allocate(self, *ratios: int | Decimal) -> tuple[Self, ...]:
        """Divide into parts by *ratios*; together they are exactly this money.

        The minor units that are left over go to the first parts whose ratio is not zero, one each.

        Raises:
            InvalidAllocation: a ratio is a float, negative, not finite or too long, or there is none above zero.
        """
        if not all(map(_is_ratio, ratios)) or not any(ratios):
            raise InvalidAllocation(ratios=ratios)
        exact = [Fraction(ratio) for ratio in ratios]
        sign, total, whole = (-1 if self.minor < 0 else 1), abs(self.minor), sum(exact)
        parts = [int(total * ratio / whole) for ratio in exact]
        left = total - sum(parts)
        for index in [index for index, ratio in enumerate(exact) if ratio][:left]:
            parts[index] += 1
        return tuple(self.of_minor(sign * part, self.currency) for part in parts)

    def _check_factor(self, factor: object) -> None:
        if not _is_exact(factor):
            raise self._refused(factor, "no exact factor; give a whole number or a Decimal, made from a string")

    def _refused(self, factor: object, reason: str) -> InvalidAmount:
        return InvalidAmount(amount=f"{self.amount} * {factor!r:.80}", currency=self.currency, reason=reason)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other


def _is_money(given: object) -> bool:
    return isinstance(given, Money)


def _is_rounding(given: object) -> bool:
    return isinstance(given, Rounding)


def _is_exact(given: object) -> bool:
    return isinstance(given, int | Decimal)


def _is_decimal(given: object) -> bool:
    return isinstance(given, Decimal)


def _is_short(given: int | Decimal) -> bool:
    """Whether it takes no more digits than can be worked with; a few letters say a Decimal of billions."""
    if not isinstance(given, Decimal) or not given:
        return True
    exponent = given.as_tuple().exponent
    return isinstance(exponent, int) and max(given.adjusted(), -exponent) < _MAX_FACTOR_DIGITS


def _is_ratio(given: int | Decimal) -> bool:
    return _is_exact(given) and Decimal(given).is_finite() and given >= 0 and _is_short(given)


def _decimal(amount: object, currency: str) -> Decimal:
    reason = "not a Decimal, a whole number or text of one"
    if not isinstance(amount, (Decimal, int, str)):
        raise InvalidAmount(amount=repr(amount), currency=currency, reason=reason)
    try:
        return Decimal(amount)
    except decimal.InvalidOperation:
        raise InvalidAmount(amount=repr(amount), currency=currency, reason=reason) from None


def _exact(amount: object, currency: str) -> Decimal:
    digits = minor_units(currency)

    def refused(reason: str) -> InvalidAmount:
        return InvalidAmount(amount=str(amount), currency=currency, reason=reason)

    if not isinstance(amount, Decimal):
        raise refused(f"a {type(amount).__name__}; use Money.of or a Decimal")
    if not amount.is_finite():
        raise refused("not finite")
    if amount.adjusted() >= MAX_DIGITS - digits:
        raise refused(f"more than {MAX_DIGITS} digits")
    exact = amount.quantize(Decimal(1).scaleb(-digits), context=_CONTEXT)
    if exact != amount:
        raise refused(f"more than {digits} decimals; round it first")
    return exact or abs(exact)


def _rounded(value: Fraction, rounding: Rounding) -> int:
    floor, rest = divmod(value.numerator, value.denominator)
    half = 2 * rest - value.denominator
    up: Callable[[], bool] = {
        Rounding.CEILING: lambda: True,
        Rounding.FLOOR: lambda: False,
        Rounding.UP: lambda: floor >= 0,
        Rounding.DOWN: lambda: floor < 0,
        Rounding.HALF_EVEN: lambda: half > 0 or (half == 0 and floor % 2 == 1),
        Rounding.HALF_UP: lambda: half > 0 or (half == 0 and floor >= 0),
        Rounding.HALF_DOWN: lambda: half > 0 or (half == 0 and floor < 0),
    }[rounding]
    return floor + (1 if rest and up() else 0)

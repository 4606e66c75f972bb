"""Sets of numbers, exactly: bounds, and multiples of a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Final, TypeAlias

from msgspec import Struct

__all__ = ["FIRST_ROUNDED", "Number", "Numbers", "as_json", "exact", "meet"]

FIRST_ROUNDED: Final = 2**53
"""From here on the text of a float and its value may differ, and no float has a fraction."""

Number: TypeAlias = int | Fraction
"""An exact number; one that has no fraction is an int."""


class Numbers(Struct, frozen=True):
    """Numbers from *low* to *high*, of which all are multiples of *step*.

    Args:
        low: the lower bound; None for none.
        low_open: the bound itself is not in.
        high: the upper bound; None for none.
        high_open: the bound itself is not in.
        step: above 0; None for any number.
    """

    low: Number | None = None
    low_open: bool = False
    high: Number | None = None
    high_open: bool = False
    step: Number | None = None

    @property
    def empty(self) -> bool:
        """Whether no number is in."""
        tight = self.tight()
        if tight.low is None or tight.high is None:
            return False
        return tight.low > tight.high or (tight.low == tight.high and (tight.low_open or tight.high_open))

    def tight(self) -> Numbers:
        """The same numbers; with a step, the bounds are numbers of the set."""
        if self.step is None:
            return self
        low, high = self.low, self.high
        if low is not None:
            count = -(-low // self.step)
            low = _plain((count + (self.low_open and count * self.step == low)) * self.step)
        if high is not None:
            count = high // self.step
            high = _plain((count - (self.high_open and count * self.step == high)) * self.step)
        return Numbers(low, False, high, False, self.step)

    def holds(self, number: Number) -> bool:
        """Whether *number* is in."""
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            return False
        if self.high is not None and (number > self.high or (self.high_open and number == self.high)):
            return False
        return self.step is None or number % self.step == 0

    def some(self) -> Iterator[Number]:
        """A few numbers of the set, the simplest first; none if and only if it is empty."""
        if not self.empty:
            tight = self.tight()
            yield from dict.fromkeys(each for each in _near(tight) if tight.holds(each))

    def all(self, most: int) -> tuple[Number, ...] | None:
        """All numbers of the set, if they are not more than *most*; None when they may be."""
        if self.empty:
            return ()
        tight = self.tight()
        if tight.low is None or tight.high is None or tight.step is None:
            return (tight.low,) if tight.low is not None and tight.low == tight.high else None
        count = (tight.high - tight.low) // tight.step + 1
        return None if count > most else tuple(_plain(tight.low + index * tight.step) for index in range(count))

    def outside(self, step: Number) -> Iterator[Number]:
        """A number of the set that is no multiple of *step*, if there is one."""
        tight = self.tight()
        if self.empty or (tight.step is not None and tight.step % step == 0):
            return
        if tight.step is not None:
            # Of two neighbours that are both multiples of *step*, the distance would be one too.
            first = tight.low if tight.low is not None else tight.high if tight.high is not None else tight.step
            second = first + tight.step if tight.low is not None or tight.high is None else first - tight.step
            yield from (each for each in (first, _plain(second)) if tight.holds(each) and each % step)
            return
        middle = next(each for each in _middles(tight) if tight.holds(each))
        if middle % step == 0 and (tight.low is None or tight.low != tight.high):
            gap = Fraction(step) / 2
            while not tight.holds(middle + gap):
                gap /= 2
            middle = _plain(middle + gap)
        if middle % step:
            yield middle


def exact(value: float | Decimal) -> Number:
    """*value* as its JSON text says it: 0.1 is one tenth.

    Raises:
        ValueError: it is NaN or infinite, or a Decimal above 10^400 or with more than 400 places.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < FIRST_ROUNDED else _plain(Fraction(repr(value)))
    places = value.as_tuple().exponent
    if not isinstance(places, int) or places < -400 or (value and value.adjusted() > 400):
        raise ValueError(f"{value} is no number that can be compared here")
    return _plain(Fraction(value))


def as_json(number: Number) -> int | float | Decimal:
    """*number* as something whose JSON text says exactly it; a Decimal when no float does."""
    if isinstance(number, int):
        return number
    try:
        near = float(number)
    except OverflowError:
        near = 0.0
    if Fraction(repr(near)) == number:
        return near
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    scaled = int(number * 10**places)
    return Decimal((int(scaled < 0), tuple(int(digit) for digit in str(abs(scaled))), -places))


def meet(parts: Iterable[Numbers], *, whole: bool = False) -> Numbers:
    """The numbers that are in all *parts*; of them the integers, when *whole*."""
    low, low_open, high, high_open = None, False, None, False
    step: Number | None = 1 if whole else None
    for part in parts:
        if part.low is not None and (low is None or (part.low, part.low_open) > (low, low_open)):
            low, low_open = part.low, part.low_open
        if part.high is not None and (high is None or (-part.high, part.high_open) > (-high, high_open)):
            high, high_open = part.high, part.high_open
        if part.step is not None:
            step = part.step if step is None else _common(step, part.step)
    return Numbers(low, low_open, high, high_open, step)


def _common(one: Number, other: Number) -> Number:
    first, second = Fraction(one), Fraction(other)
    scale = lcm(first.denominator, second.denominator)
    return _plain(Fraction(lcm(int(first * scale), int(second * scale)), scale))


def _plain(number: Number) -> Number:
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def _near(tight: Numbers) -> Iterator[Number]:
    step = tight.step if tight.step is not None else 1
    yield 0
    # Next to a bound of that size a reader may round; far from it none does.
    bounds = [bound for bound in (tight.low, tight.high) if bound is not None]
    yield from (2 * bound for bound in bounds if not -FIRST_ROUNDED < bound < FIRST_ROUNDED)
    for low in (tight.low,) if tight.low is not None else ():
        yield from (low, _plain(low + step), _plain(low + 2 * step))
    for high in (tight.high,) if tight.high is not None else ():
        yield from (high, _plain(high - step))
    yield from (step, _plain(-step))
    if tight.step is None:
        yield from _middles(tight)


def _middles(tight: Numbers) -> Iterator[Number]:
    half = Fraction(1, 2)
    low, high = tight.low, tight.high
    if (low is None or low < half) and (high is None or half < high):
        yield half
    if low is not None and high is not None:
        if low + 1 < high:
            yield _plain(low + half)
        yield _plain((low + high) * half)
        yield _plain((3 * low + high) * half * half)
    elif low is not None:
        yield _plain(low + half)
    elif high is not None:
        yield _plain(high - half)

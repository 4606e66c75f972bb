"""Sets of numbers, held against counting them out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from leftfold.schemas.numbers import Number, Numbers, as_json, exact, meet

GRID = [exact(Decimal(count) / 8) for count in range(-8 * 12, 8 * 12 + 1)]
STEPS = [exact(Decimal(text)) for text in ("0.25", "0.5", "1", "1.5", "2", "3")]
bounds = st.none() | st.sampled_from([exact(Decimal(count) / 4) for count in range(-12, 13)])
steps = st.none() | st.sampled_from(STEPS)
sets = st.builds(Numbers, bounds, st.booleans(), bounds, st.booleans(), steps)


def counted(numbers: Numbers) -> set[Number]:
    def holds(number: Number) -> bool:
        above = numbers.low is None or number > numbers.low or (number == numbers.low and not numbers.low_open)
        below = numbers.high is None or number < numbers.high or (number == numbers.high and not numbers.high_open)
        return above and below and (numbers.step is None or Fraction(number) / Fraction(numbers.step) % 1 == 0)

    return {number for number in GRID if holds(number)}


@given(sets)
def test_a_set_is_empty_if_and_only_if_nothing_is_in_it(numbers: Numbers) -> None:
    assert numbers.empty == (not counted(numbers))
    assert counted(numbers.tight()) == counted(numbers) == {each for each in GRID if numbers.holds(each)}


@given(sets)
def test_some_are_given_of_every_set_that_has_any(numbers: Numbers) -> None:
    found = list(numbers.some())
    assert bool(found) == bool(counted(numbers))
    assert all(numbers.holds(each) for each in found)


@given(sets, sets, st.booleans())
def test_what_two_sets_have_in_common(one: Numbers, other: Numbers, whole: bool) -> None:
    both = {each for each in counted(one) & counted(other) if not whole or isinstance(each, int)}
    assert counted(meet((one, other), whole=whole)) == both


@given(sets, st.sampled_from(STEPS))
def test_a_number_outside_a_step_is_found_if_there_is_one(numbers: Numbers, step: Number) -> None:
    found = list(numbers.outside(step))
    assert all(numbers.holds(each) and each % step for each in found)
    assert bool(found) == any(each % step for each in counted(numbers))


@given(sets, st.integers(0, 20))
def test_few_numbers_are_counted_out(numbers: Numbers, most: int) -> None:
    found = numbers.all(most)
    if found is not None:
        assert set(found) == counted(numbers)
    elif numbers.step is not None and numbers.low is not None and numbers.high is not None:
        assert len(counted(numbers)) > most


@given(
    st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.decimals(-(10**9), 10**9, places=30))
)
def test_a_number_comes_back_as_the_text_that_it_was(value: float | Decimal) -> None:
    number = exact(value)
    assert Decimal(str(as_json(number))) == Decimal(str(value))
    assert exact(as_json(number)) == number

from __future__ import annotations

import decimal
import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.domain import (
    CurrencyMismatch,
    DomainError,
    InvalidAllocation,
    InvalidAmount,
    Money,
    Rounding,
    UnknownCurrency,
    minor_units,
)
from leftfold.domain.currency import MINOR_UNITS
from leftfold.domain.money import MAX_DIGITS
from leftfold.messages import Codec, Event, Registry

CODES = ["JPY", "USD", "BHD", "CLF"]
money = st.builds(Money.of_minor, st.integers(-(10**30), 10**30), st.sampled_from(CODES))
dollars = st.builds(Money.of_minor, st.integers(-(10**30), 10**30), st.just("USD"))
ratios = st.lists(st.integers(0, 1000) | st.decimals(0, 1000, places=3), min_size=1, max_size=8).filter(any)


class Paid(Event):
    price: Money
    by_shop: dict[str, Money]


@pytest.mark.parametrize(
    ("amount", "currency", "text", "minor"),
    [
        ("12.34", "USD", "12.34 USD", 1234),
        ("-12.3", "USD", "-12.30 USD", -1230),
        (12, "EUR", "12.00 EUR", 1200),
        ("1E+3", "JPY", "1000 JPY", 1000),
        (Decimal("1.5"), "BHD", "1.500 BHD", 1500),
        ("0.0001", "CLF", "0.0001 CLF", 1),
        ("-0.00", "USD", "0.00 USD", 0),
        ("1.500", "USD", "1.50 USD", 150),
    ],
)
def test_money_has_the_decimals_of_its_currency(
    amount: str | int | Decimal, currency: str, text: str, minor: int
) -> None:
    made = Money.of(amount, currency)
    assert (str(made), made.minor) == (text, minor)
    assert made == Money.of_minor(minor, currency)
    assert hash(made) == hash(Money.of_minor(minor, currency))


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "USD"),
        ("0.5", "JPY"),
        ("0.0001", "BHD"),
        ("NaN", "USD"),
        ("-Infinity", "USD"),
        ("sNaN", "USD"),
        ("twelve", "USD"),
        ("", "USD"),
        (f"1E+{MAX_DIGITS - 2}", "USD"),
        ("1E+999999999", "USD"),
        ("1E-999999999", "USD"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidAmount, match=currency):
        Money.of(amount, currency)


def test_a_float_is_refused_for_it_is_not_exact() -> None:
    with pytest.raises(InvalidAmount):
        Money.of(0.1, "USD")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidAmount):
        Money(0.1, "USD")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("currency", ["usd", "XXX", "XAU", "", "DOLLAR"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrency) as caught:
        Money.of("1", currency)
    assert caught.value.currency == currency
    assert isinstance(caught.value, DomainError)
    with pytest.raises(UnknownCurrency):
        Money.of_minor(1, currency)


def test_what_is_no_text_is_no_currency() -> None:
    with pytest.raises(UnknownCurrency, match="EUR"):
        Money.of("1", cast("Any", ["EUR"]))


def test_the_table_has_the_currencies_of_the_world() -> None:
    assert {digits: list(MINOR_UNITS.values()).count(digits) for digits in (0, 3, 4)} == {0: 17, 3: 7, 4: 2}
    assert set(MINOR_UNITS.values()) == {0, 2, 3, 4}
    assert len(MINOR_UNITS) == 171
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in MINOR_UNITS)
    assert [minor_units(code) for code in ("ISK", "CZK", "TND", "UYW")] == [0, 2, 3, 4]


@given(dollars, dollars, dollars)
def test_addition_is_exact_whatever_the_decimal_context(a: Money, b: Money, c: Money) -> None:
    with decimal.localcontext(prec=3):
        assert (a + b).minor == a.minor + b.minor
        assert (a - b).minor == a.minor - b.minor
        assert (a + b) + c == a + (b + c)
        assert a + -a == Money.of(0, "USD") == a - a
        assert abs(a).minor == abs(a.minor)
        assert bool(a) is (a.minor != 0)


@given(dollars, dollars)
def test_order_is_that_of_the_amounts(a: Money, b: Money) -> None:
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        a.minor < b.minor,
        a.minor <= b.minor,
        a.minor > b.minor,
        a.minor >= b.minor,
        a.minor == b.minor,
    )


def test_different_currencies_have_no_sum_and_no_order_and_are_never_equal() -> None:
    one, other = Money.of(1, "USD"), Money.of(1, "EUR")
    for mix in (
        lambda: one + other,
        lambda: one - other,
        lambda: one < other,
        lambda: one <= other,
        lambda: one > other,
        lambda: one >= other,
    ):
        with pytest.raises(CurrencyMismatch, match=r"left=USD, right=EUR"):
            mix()
    assert one != other


@given(money, st.integers(-1000, 1000))
def test_a_whole_number_of_times_is_exact(a: Money, factor: int) -> None:
    assert (a * factor).minor == (factor * a).minor == a.minor * factor


NEAREST = {Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.HALF_DOWN}


@given(st.integers(-(10**12), 10**12), st.decimals(-100, 100, places=4), st.sampled_from(Rounding))
def test_times_rounds_as_it_was_told(minor: int, factor: Decimal, rounding: Rounding) -> None:
    exact = Decimal(minor) * factor
    assert Money.of_minor(minor, "USD").times(factor, rounding).minor == int(exact.to_integral_value(rounding.value))


def test_half_a_cent_is_rounded_by_each_rule() -> None:
    half, minus = Money.of("0.05", "USD"), Money.of("-0.05", "USD")
    assert {rounding.name: half.times(Decimal("0.5"), rounding).minor for rounding in Rounding} == {
        "HALF_EVEN": 2, "HALF_UP": 3, "HALF_DOWN": 2, "UP": 3, "DOWN": 2, "CEILING": 3, "FLOOR": 2,
    }  # fmt: skip
    assert {rounding.name: minus.times(Decimal("0.5"), rounding).minor for rounding in Rounding} == {
        "HALF_EVEN": -2, "HALF_UP": -3, "HALF_DOWN": -2, "UP": -3, "DOWN": -2, "CEILING": -2, "FLOOR": -3,
    }  # fmt: skip


def test_a_factor_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        Money.of(1, "USD").times(Decimal("NaN"), Rounding.UP)


@pytest.mark.parametrize("rounding", ["HALF_UP", decimal.ROUND_HALF_UP, None, Rounding])
def test_what_is_no_rounding_is_refused(rounding: object) -> None:
    with pytest.raises(InvalidAmount, match=r"give a Rounding, as in Rounding\.HALF_UP"):
        Money.of(1, "USD").times(2, cast("Any", rounding))


@pytest.mark.parametrize("factor", [1.5, 2.0, "2", None, Fraction(1, 2), Money.of_minor(1, "USD")])
def test_what_is_no_exact_number_multiplies_and_divides_nothing(factor: object) -> None:
    price, wrong = Money.of("1.00", "USD"), cast("Any", factor)
    for multiply in (lambda: price * wrong, lambda: wrong * price, lambda: price.times(wrong, Rounding.HALF_UP)):
        with pytest.raises(InvalidAmount, match="give a whole number or a Decimal"):
            multiply()
    with pytest.raises(InvalidAmount, match="give a whole number"):
        Money.of_minor(wrong, "USD")
    with pytest.raises(InvalidAllocation):
        price.allocate(1, wrong)


@pytest.mark.parametrize("factor", ["2", "1.5", "sNaN"])
def test_who_multiplies_by_a_decimal_is_told_of_times(factor: str) -> None:
    with pytest.raises(InvalidAmount, match=r"use times\(factor, rounding\)"):
        operator.mul(Money.of("1.00", "USD"), cast("Any", Decimal(factor)))


@pytest.mark.parametrize("long", ["1e999999999", "1e-999999999"])
def test_a_few_letters_that_say_billions_of_digits_are_refused_at_once(long: str) -> None:
    price = Money.of("1.00", "USD")
    with pytest.raises(InvalidAmount, match="more than 1000 digits"):
        price.times(Decimal(long), Rounding.UP)
    with pytest.raises(InvalidAllocation):
        price.allocate(1, Decimal(long))
    assert not price.times(Decimal("0e999999999"), Rounding.UP)


@pytest.mark.parametrize("other", [0, Decimal(1), None, "1.00 USD"])
def test_what_is_no_money_has_no_sum_and_no_order_with_it(other: object) -> None:
    price, wrong = Money.of("1.00", "USD"), cast("Any", other)
    for combine in (operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge):
        for pair in ((price, wrong), (wrong, price)):
            with pytest.raises(TypeError):
                combine(*pair)


@given(money, ratios)
def test_an_allocation_loses_and_makes_no_minor_unit(a: Money, shares: list[int | Decimal]) -> None:
    parts = a.allocate(*shares)
    assert sum(part.minor for part in parts) == a.minor
    total = sum(map(Fraction, shares))
    for part, share in zip(parts, shares, strict=True):
        assert abs(part.minor - a.minor * Fraction(share) / total) <= 1
        assert share or part.minor == 0


def test_thousands_of_parts_take_no_time_to_speak_of() -> None:
    parts = Money.of(1, "USD").allocate(*[1] * 10_000)
    assert [part.minor for part in (parts[99], parts[100])] == [1, 0]


def test_left_over_minor_units_go_to_the_first_parts() -> None:
    assert [str(part) for part in Money.of("0.05", "USD").allocate(1, 1, 0, 1)] == [
        "0.02 USD",
        "0.02 USD",
        "0.00 USD",
        "0.01 USD",
    ]
    assert [part.minor for part in Money.of(-5, "JPY").allocate(1, 1)] == [-3, -2]


@pytest.mark.parametrize("shares", [(), (0, 0), (1, -1), (Decimal("NaN"), 1), (Decimal("Infinity"),)])
def test_ratios_that_divide_nothing_are_refused(shares: tuple[int | Decimal, ...]) -> None:
    with pytest.raises(InvalidAllocation):
        Money.of(1, "USD").allocate(*shares)


@given(money, st.dictionaries(st.sampled_from("abc"), money))
def test_money_in_an_event_comes_back_as_it_was(price: Money, by_shop: dict[str, Money]) -> None:
    codec = Codec(Registry("shop", Paid))
    data = codec.encode(Paid(price=price, by_shop=by_shop)).data
    read = codec.decode(data, stream="s", version=1, type="Paid", schema_version=1)
    assert read == Paid(price=price, by_shop=by_shop)
    assert isinstance(read, Paid)
    assert str(read.price) == str(price)


def test_money_is_stored_as_amount_and_currency() -> None:
    data = Codec(Registry("shop", Paid)).encode(Paid(price=Money.of("12.3", "EUR"), by_shop={})).data
    assert data == b'{"price":{"amount":"12.30","currency":"EUR"},"by_shop":{}}'

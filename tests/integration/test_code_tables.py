"""The pinned tables against another edition of the same lists."""

from __future__ import annotations

from typing import cast

import pycountry

from leftfold.domain.currency import MINOR_UNITS
from leftfold.integration import COUNTRIES, LANGUAGE_CODES

NOT_COUNTED = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}
"""Metals, bond and accounting units, and codes for tests: no currency that money is in."""

WITHDRAWN = {"ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"}


def column(rows: object, *names: str) -> set[tuple[str, ...]]:
    """The values of these columns, of each row that has the first."""
    found = (
        tuple(str(getattr(row, name)) for name in names) for row in cast("list[object]", rows) if hasattr(row, names[0])
    )
    return set(found)


def test_the_countries_are_those_of_iso_3166() -> None:
    ours = {(country.alpha_2, country.alpha_3, country.numeric) for country in COUNTRIES.values()}
    assert ours == column(pycountry.countries, "alpha_2", "alpha_3", "numeric")
    assert len(ours) == 249


def test_the_languages_are_those_of_iso_639_set_1_but_for_the_deprecated_one() -> None:
    assert {(code,) for code in LANGUAGE_CODES} == column(pycountry.languages, "alpha_2") - {("sh",)}
    assert len(LANGUAGE_CODES) == 183


def test_the_currencies_are_those_of_iso_4217_that_money_is_in_and_withdrawn_ones() -> None:
    theirs = {code for (code,) in column(pycountry.currencies, "alpha_3")}
    assert set(MINOR_UNITS) - WITHDRAWN == theirs - NOT_COUNTED - WITHDRAWN

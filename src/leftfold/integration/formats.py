"""Formats that others check too: times of ISO 8601, codes of countries, languages and currencies.

A field has one of these types, and the class is `Formatted`: it holds its values to them when it is made and when it is
read. Without that, what is read is held to the form of a code only, and not to its table::

    class OrderShipped(IntegrationEvent, Formatted):
        country: CountryCode
        shipped_at: Instant
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from leftfold.domain.currency import MINOR_UNITS
from leftfold.integration.countries import COUNTRIES
from leftfold.integration.languages import LANGUAGE_CODES

__all__ = [
    "FORMATS",
    "MARK",
    "CalendarDate",
    "CountryCode",
    "CountryCode3",
    "CountryNumber",
    "CurrencyCode",
    "Duration",
    "Format",
    "Instant",
    "LanguageCode",
    "TimeOfDay",
]

MARK: Final = "leftfold-format"
"""Under this key the annotation of a field names its format in `FORMATS`."""


class Format(Struct, frozen=True):
    """What a value has to be beyond its type.

    Args:
        name: what it is called, for people.
        advice: what to give instead of a value that is not of it.
        of: the type of its values.
        holds: whether a value of that type is of it; None when each is.
    """

    name: str
    advice: str
    of: type
    holds: Callable[[object], bool] | None


# The schema has the form of a code, not the table: a table that grows would change every schema with a code in it.
CountryCode: TypeAlias = Annotated[
    str, Meta(pattern="^[A-Z]{2}$", description="A country, as alpha-2 code of ISO 3166-1.", extra={MARK: "country"})
]
"""A country in two letters, like DE: one of `COUNTRIES`."""

CountryCode3: TypeAlias = Annotated[
    str, Meta(pattern="^[A-Z]{3}$", description="A country, as alpha-3 code of ISO 3166-1.", extra={MARK: "country-3"})
]
"""A country in three letters, like DEU: one of `COUNTRIES`."""

CountryNumber: TypeAlias = Annotated[
    str, Meta(pattern="^[0-9]{3}$", description="A country, as numeric code of ISO 3166-1.", extra={MARK: "country-n"})
]
"""A country in three digits, like 276, as text: one of `COUNTRIES`."""

LanguageCode: TypeAlias = Annotated[
    str, Meta(pattern="^[a-z]{2}$", description="A language, as code of ISO 639, set 1.", extra={MARK: "language"})
]
"""A language in two letters, like de: one of `LANGUAGE_CODES`."""

CurrencyCode: TypeAlias = Annotated[
    str, Meta(pattern="^[A-Z]{3}$", description="A currency, as alphabetic code of ISO 4217.", extra={MARK: "currency"})
]
"""A currency in three letters, like EUR: one of those that `Money` knows, recently withdrawn ones included."""

Instant: TypeAlias = Annotated[
    datetime, Meta(tz=True, description="A date and time with its offset.", extra={MARK: "instant"})
]
"""A point in time: a datetime with a zone.

As text it is a calendar date, `T`, a time with seconds, and `Z` or an offset. Without offset or seconds it is refused,
and so are week dates, ordinal dates and dates without hyphens. The decoder lets a space stand for `T`, and an offset be
without its colon, and rounds digits below the microsecond, for a datetime has none.
"""

CalendarDate: TypeAlias = Annotated[date, Meta(description="A day of the calendar.", extra={MARK: "date"})]
"""A day: a date, and no datetime.

As text it is year, month and day, like 2024-03-01; week dates (2024-W09-5), ordinal dates (2024-061) and dates without
hyphens, which ISO 8601 has too, are refused.
"""

TimeOfDay: TypeAlias = Annotated[
    time, Meta(tz=False, description="A time of day, at the place it is about.", extra={MARK: "time"})
]
"""A time of day without a zone, like 09:30:00."""

Duration: TypeAlias = Annotated[timedelta, Meta(description="A length of time.", extra={MARK: "duration"})]
"""A length of time, like P1DT2H: days of 24 hours, hours, minutes and seconds.

Years, months and weeks, which ISO 8601 has too, are refused: the first two have no fixed length.
"""


def _codes(name: str, codes: frozenset[str], like: str) -> Format:
    return Format(name, f"Give one of its codes, like {like}", str, codes.__contains__)


def _plain_date(value: object) -> bool:
    return not isinstance(value, datetime)


def _aware(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _local(value: object) -> bool:
    return isinstance(value, time) and value.tzinfo is None


FORMATS: Final = {
    "country": _codes("ISO 3166-1 alpha-2 code", frozenset(COUNTRIES), "DE"),
    "country-3": _codes("ISO 3166-1 alpha-3 code", frozenset(row.alpha_3 for row in COUNTRIES.values()), "DEU"),
    "country-n": _codes("ISO 3166-1 numeric code", frozenset(row.numeric for row in COUNTRIES.values()), "276"),
    "language": _codes("ISO 639 set 1 code", LANGUAGE_CODES, "de"),
    "currency": _codes("ISO 4217 code", frozenset(MINOR_UNITS), "EUR"),
    "instant": Format("point in time", "Give a datetime with a zone, as in datetime.now(UTC)", datetime, _aware),
    "date": Format("calendar date", "Give a date, as in moment.date()", date, _plain_date),
    "time": Format("time of day", "Give a time without a zone", time, _local),
    "duration": Format("length of time", "Give a timedelta", timedelta, None),
}
"""Each format by the name that annotations mark it with."""

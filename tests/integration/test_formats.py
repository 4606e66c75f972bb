from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from leftfold.domain.currency import MINOR_UNITS
from leftfold.errors import DefinitionError, InvalidFormat, InvalidPayload
from leftfold.integration import (
    COUNTRIES,
    LANGUAGE_CODES,
    CalendarDate,
    CountryCode,
    CountryCode3,
    CountryNumber,
    CurrencyCode,
    Duration,
    Formatted,
    Instant,
    LanguageCode,
    TimeOfDay,
    check_formats,
    format_fields,
)
from leftfold.messages import Codec, Event, IntegrationEvent, Registry

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


class Shipped(IntegrationEvent, Formatted):
    country: CountryCode
    country3: CountryCode3
    number: CountryNumber
    language: LanguageCode
    currency: CurrencyCode
    at: Instant
    day: CalendarDate
    opens: TimeOfDay
    took: Duration


WHOLE: dict[str, object] = {
    "country": "DE",
    "country3": "DEU",
    "number": "276",
    "language": "de",
    "currency": "EUR",
    "at": NOON,
    "day": NOON.date(),
    "opens": time(9, 30),
    "took": timedelta(days=1, hours=2),
}
make = cast("Callable[..., Shipped]", Shipped)
encode = msgspec.json.encode
decode = msgspec.json.Decoder(Shipped).decode


def test_values_of_their_formats_are_accepted_and_read_back() -> None:
    event = make(**WHOLE)
    assert encode(event) == (
        b'{"country":"DE","country3":"DEU","number":"276","language":"de","currency":"EUR","at":"2024-03-01T12:00:00Z",'
        b'"day":"2024-03-01","opens":"09:30:00","took":"P1DT7200S"}'
    )
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "XX"),
        ("country", "XK"),
        ("country", "EU"),
        ("country", "UK"),
        ("country", "de"),
        ("country", "DEU"),
        ("country", "DE\n"),
        ("country", ""),
        ("country", 276),
        ("country", None),
        ("country", ["DE"]),
        ("country3", "XXX"),
        ("country3", "DE"),
        ("number", "000"),
        ("number", "8"),
        ("number", 276),
        ("language", "xx"),
        ("language", "DE"),
        ("language", "sh"),
        ("language", "iw"),
        ("currency", "XYZ"),
        ("currency", "eur"),
        ("currency", "XXX"),
        ("at", datetime(2024, 3, 1)),  # noqa: DTZ001
        ("at", "2024-03-01T12:00:00Z"),
        ("at", date(2024, 3, 1)),
        ("day", NOON),
        ("day", "2024-03-01"),
        ("opens", time(9, 30, tzinfo=UTC)),
        ("took", 5),
    ],
)
def test_a_value_of_another_format_is_refused_when_the_event_is_made(field: str, value: object) -> None:
    with pytest.raises(InvalidFormat, match="Give") as caught:
        make(**(WHOLE | {field: value}))
    assert caught.value.where == f"Shipped.{field}"
    assert caught.value.value == repr(value)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("country", '"XX"'),
        ("country", '"de"'),
        ("country3", '"XXX"'),
        ("number", '"000"'),
        ("number", "276"),
        ("language", '"xx"'),
        ("currency", '"XYZ"'),
        ("at", '"2024-03-01T12:00:00"'),
        ("at", '"2024-03-01"'),
        ("at", '"2024-03-01T12:00Z"'),
        ("at", '"2024-03-01T24:00:00Z"'),
        ("at", '"2024-W09-5T12:00:00Z"'),
        ("at", '"20240301T120000Z"'),
        ("at", "1709294400"),
        ("day", '"2024-W09-5"'),
        ("day", '"2024-061"'),
        ("day", '"20240301"'),
        ("day", '"2024-03"'),
        ("day", '"2024-02-30"'),
        ("day", '"2024-03-01T00:00:00"'),
        ("opens", '"09:30:00Z"'),
        ("opens", '"09:30"'),
        ("took", '"P1Y"'),
        ("took", '"P1M"'),
        ("took", '"P1W"'),
        ("took", '"1:00"'),
        ("took", "5"),
    ],
)
def test_a_value_of_another_format_is_refused_when_the_event_is_read(field: str, text: str) -> None:
    members = {name: msgspec.Raw(encode(value)) for name, value in WHOLE.items()} | {field: msgspec.Raw(text.encode())}
    with pytest.raises(msgspec.ValidationError):
        decode(encode(members))


@pytest.mark.parametrize("text", ["2024-03-01 12:00:00Z", "2024-03-01T13:00:00+0100", "2024-03-01T12:00:00.0000001Z"])
def test_what_the_decoder_lets_pass_as_a_point_in_time_is_read_as_what_it_means(text: str) -> None:
    assert decode(encode(WHOLE | {"at": text})).at == NOON


def test_what_reads_keeps_the_error_that_names_the_field() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Shipped\.country: 'XX' is no ISO 3166-1 alpha-2") as caught:
        decode(encode(WHOLE | {"country": "XX"}))
    assert isinstance(caught.value.__cause__, InvalidFormat)


def test_the_schema_says_the_format_and_not_the_table() -> None:
    (_, components) = msgspec.json.schema_components([Shipped])
    properties = components["Shipped"]["properties"]
    said = {name: (schema.get("pattern"), schema.get("format")) for name, schema in properties.items()}
    assert said == {
        "country": ("^[A-Z]{2}$", None),
        "country3": ("^[A-Z]{3}$", None),
        "number": ("^[0-9]{3}$", None),
        "language": ("^[a-z]{2}$", None),
        "currency": ("^[A-Z]{3}$", None),
        "at": (None, "date-time"),
        "day": (None, "date"),
        "opens": (None, "partial-time"),
        "took": (None, "duration"),
    }
    assert all(schema["description"] for schema in properties.values())


class Address(Struct, frozen=True):
    country: CountryCode


class Route(Struct, Formatted, frozen=True):
    through: tuple[CountryCode, ...]


class Tree(Struct, frozen=True):
    language: LanguageCode
    kids: tuple[Tree, ...] = ()


@dataclass(frozen=True)
class Stop:
    country: CountryCode


class Pair(NamedTuple):
    country: CountryCode


class Holds(Struct):
    pair: Pair


class Plain(Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    kids: tuple[Plain, ...] = ()


class Nested(Event, Formatted):
    maybe: CountryCode | None = None
    several: list[CountryCode] = msgspec.field(default_factory=list)
    some: frozenset[LanguageCode] = frozenset()
    pair: tuple[CountryCode, CurrencyCode] = ("DE", "EUR")
    by: dict[CountryCode, CurrencyCode] = msgspec.field(default_factory=dict)
    address: Address | None = None
    addresses: tuple[Address, ...] = ()
    tree: Tree | None = None
    stop: Stop | None = None
    route: Route | None = None
    either: LanguageCode | int = 0
    plain: str = "anything"


nested = cast("Callable[..., Nested]", Nested)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("maybe", "DE", "XX"),
        ("several", ["DE", "FR"], ["DE", "XX"]),
        ("some", frozenset({"de"}), frozenset({"xx"})),
        ("pair", ("FR", "EUR"), ("FR", "XYZ")),
        ("pair", ("FR", "EUR"), ("XX", "EUR")),
        ("by", {"DE": "EUR"}, {"XX": "EUR"}),
        ("by", {"DE": "EUR"}, {"DE": "XYZ"}),
        ("address", Address("DE"), Address("XX")),
        ("addresses", (Address("DE"),), (Address("DE"), Address("XX"))),
        ("tree", Tree("de", (Tree("fr", (Tree("en"),)),)), Tree("de", (Tree("fr", (Tree("xx"),)),))),
        ("stop", Stop("DE"), Stop("XX")),
        ("either", "de", "xx"),
        ("either", 5, "DE"),
    ],
)
def test_formats_hold_in_lists_maps_and_structs(field: str, good: object, bad: object) -> None:
    codec = Codec(Registry("formats", Nested))
    event = nested(**{field: good})
    written = codec.encode(event)
    back = codec.decode(written.data, stream="s-1", version=1, type="Nested", schema_version=1)
    assert back == event
    with pytest.raises(InvalidFormat) as caught:
        nested(**{field: bad})
    assert caught.value.where == f"Nested.{field}"


def test_a_struct_that_checks_itself_is_not_looked_at_twice() -> None:
    assert "route" not in format_fields(Nested)
    with pytest.raises(InvalidFormat) as caught:
        Route(("DE", "XX"))
    assert caught.value.where == "Route.through"


class Own(Event, Formatted):
    country: CountryCode
    other: Address | None = None

    def __post_init__(self) -> None:
        super().__post_init__()


def test_a_class_with_a_check_of_its_own_goes_on_to_the_formats() -> None:
    with pytest.raises(InvalidFormat):
        Own(country="XX")


def test_the_fields_with_formats_are_known() -> None:
    assert format_fields(Shipped) == tuple(WHOLE)
    assert set(format_fields(Nested)) == set(Nested.__struct_fields__) - {"plain", "route"}
    assert format_fields(Plain) == ()


def test_a_format_where_nothing_can_check_it_is_refused() -> None:
    with pytest.raises(DefinitionError, match="Pair"):
        format_fields(Holds)
    with pytest.raises(DefinitionError, match="no struct"):
        check_formats("DE")


def test_an_event_whose_class_does_not_check_is_still_refused_by_its_form_when_stored() -> None:
    class Loose(Event):
        country: CountryCode

    with pytest.raises(InvalidPayload, match="country"):
        Codec(Registry("loose", Loose)).encode(Loose(country="Germany"))


@given(st.sampled_from(sorted(COUNTRIES)))
def test_every_country_of_the_table_is_accepted(code: str) -> None:
    country = COUNTRIES[code]
    event = make(**(WHOLE | {"country": code, "country3": country.alpha_3, "number": country.numeric}))
    assert decode(encode(event)) == event


@given(st.text(st.sampled_from("ABCDEXYZ"), min_size=2, max_size=3))
def test_a_code_is_accepted_if_and_only_if_its_table_has_it(code: str) -> None:
    for field, table in (("country", set(COUNTRIES)), ("currency", set(MINOR_UNITS))):
        try:
            make(**(WHOLE | {field: code}))
        except InvalidFormat:
            assert code not in table
        else:
            assert code in table


@given(st.datetimes(timezones=st.just(UTC)), st.dates(), st.times(), st.timedeltas())
def test_any_time_comes_back_exactly(at: datetime, day: date, opens: time, took: timedelta) -> None:
    event = make(**(WHOLE | {"at": at, "day": day, "opens": opens, "took": took}))
    assert decode(encode(event)) == event


def test_the_tables_have_one_row_for_each_code() -> None:
    rows = COUNTRIES.values()
    assert list(COUNTRIES) == [row.alpha_2 for row in rows]
    assert len(rows) == len({row.alpha_3 for row in rows}) == len({row.numeric for row in rows})
    assert all(len(code) == 2 and code.islower() for code in LANGUAGE_CODES)

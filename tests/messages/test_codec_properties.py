# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import InvalidPayload
from leftfold.messages import Codec, Event, Metadata, Registry, check_json, dump_metadata, load_metadata


class Kind(Enum):
    A = "a"
    B = "b"


@dataclass(frozen=True)
class Part:
    price: Decimal
    kinds: frozenset[Kind]
    at: datetime | None


class Happened(Event):
    text: str
    whole: int
    number: float
    exact: Decimal
    at: datetime
    day: date
    clock: time
    took: timedelta
    id: UUID
    raw: bytes
    parts: tuple[Part, ...]
    named: dict[str, Part]
    on: dict[date, list[float]]
    either: int | str | None


CODEC = Codec(Registry("properties", Happened))

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
decimals = st.decimals(allow_nan=False, allow_infinity=False)
floats = st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(timezones=offsets)
parts = st.builds(Part, price=decimals, kinds=st.frozensets(st.sampled_from(Kind)), at=st.none() | moments)
happened = st.builds(
    Happened,
    text=texts,
    whole=st.integers(),
    number=floats,
    exact=decimals,
    at=moments,
    day=st.dates(),
    clock=st.times().map(lambda clock: clock.replace(fold=0)),
    took=st.timedeltas(),
    id=st.uuids(),
    raw=st.binary(),
    parts=st.lists(parts, max_size=3).map(tuple),
    named=st.dictionaries(texts, parts, max_size=3),
    on=st.dictionaries(st.dates(), st.lists(floats), max_size=3),
    either=st.none() | st.integers() | texts,
)


def exactly(value: object) -> str:
    """Everything about a value, a Decimal's exponent, a zero's sign and a time's offset included."""
    match value:
        case frozenset():
            return str(sorted(map(exactly, value)))
        case tuple() | list():
            return str([exactly(item) for item in value])
        case dict():
            return str([(exactly(key), exactly(item)) for key, item in value.items()])
        case Part():
            return exactly((value.price, value.kinds, value.at))
        case datetime():
            return f"{value.replace(tzinfo=None, fold=0)!r}{value.utcoffset()}"
        case _:
            return repr(value)


@given(happened)
def test_what_is_accepted_comes_back_exactly_and_is_json_every_store_keeps(event: Happened) -> None:
    encoded = CODEC.encode(event)
    check_json(encoded.data)
    read = CODEC.decode(encoded.data, stream="s", version=1, type=encoded.type, schema_version=1)
    assert isinstance(read, Happened)
    assert [exactly(part) for part in msgspec.structs.astuple(read)] == [
        exactly(part) for part in msgspec.structs.astuple(event)
    ]


BAD = {
    "number": st.sampled_from([math.nan, math.inf, -math.inf]),
    "exact": st.sampled_from([Decimal("NaN"), Decimal("sNaN7"), Decimal("Infinity"), Decimal("-Infinity")]),
    "text": st.tuples(texts, st.sampled_from("\x00\ud800\udbff\udc00\udfff"), texts).map("".join),
    "at": st.datetimes(),
}


NESTED: dict[str, Callable[[Any], dict[str, object]]] = {
    "number": lambda bad: {"on": {date(2026, 1, 1): [1.0, bad]}},
    "exact": lambda bad: {"parts": (Part(bad, frozenset(), None),)},
    "text": lambda bad: {"named": {bad: Part(Decimal(1), frozenset(), None)}},
    "at": lambda bad: {"named": {"x": Part(Decimal(1), frozenset(), bad)}},
}


@pytest.mark.parametrize("name", BAD)
@given(data=st.data(), event=happened)
def test_what_cannot_be_stored_is_refused_wherever_it_is(name: str, data: st.DataObject, event: Happened) -> None:
    bad = data.draw(BAD[name])
    for change in ({name: bad}, NESTED[name](bad)):
        with pytest.raises(InvalidPayload):
            CODEC.encode(msgspec.structs.replace(event, **change))


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_from_outside_is_accepted_exactly_when_it_is_valid_and_every_text_can_be_stored(value: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        data = text.encode("utf-8", "surrogatepass")
        bad_text = any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in characters(value))
        if bad_text or not finite(value):
            with pytest.raises(InvalidPayload):
                check_json(data)
        else:
            check_json(data)


def characters(value: object) -> str:
    match value:
        case str():
            return value
        case list():
            return "".join(map(characters, value))
        case dict():
            return "".join(characters(key) + characters(item) for key, item in value.items())
        case _:
            return ""


def finite(value: object) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case list():
            return all(map(finite, value))
        case dict():
            return all(map(finite, value.values()))
        case _:
            return True


maybe = st.none() | texts


@given(
    st.builds(
        Metadata,
        correlation_id=maybe,
        causation_id=maybe,
        command_id=maybe,
        actor=maybe,
        tenant=maybe,
        subject=maybe,
        extra=st.dictionaries(texts, texts),
    )
)
def test_metadata_comes_back_as_it_was(metadata: Metadata) -> None:
    data = dump_metadata(metadata)
    check_json(data)
    assert load_metadata(data, stream="s", version=1, type="T", schema_version=1) == metadata

"""The schema of a mapping says what its keys are, wherever it is, so that a verdict counts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, cast
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
from msgspec import Meta, Struct

from leftfold import ConsumerView, DefinitionError, IntegrationEvent
from leftfold.integration import Instant, TimeOfDay, message_schema, view_flaws
from leftfold.integration.message_schemas import language_flaws, merged_flaws, type_schema
from leftfold.integration.viewing import view_problems
from leftfold.schemas import Breaking, Compatibility, Version, check

T = TypeVar("T")


class Few(Enum):
    WEB = "web"


class Many(Enum):
    WEB = "web"
    SHOP = "shop"


class Rank(IntEnum):
    FIRST = 1


class Rights(Flag):
    READ = 1
    WRITE = 2


class Widened(Flag):
    READ = 1
    WRITE = 2
    OWN = 8


class Counts(Struct, frozen=True):
    by: dict[Many, int]
    again: Counts | None = None


class Row(Struct, frozen=True, array_like=True):
    name: str
    by: dict[Literal["a", "b"], int]


class Marked(Struct, frozen=True, array_like=True, tag="marked"):
    at: datetime
    by: dict[Literal["a", "b"], int]


class Pair(NamedTuple):
    first: dict[UUID, int]
    second: int


class Sold(IntegrationEvent, name="acme.sold"):
    plain: dict[str, int]
    short: dict[Annotated[str, Meta(max_length=2)], int]
    days: dict[date, list[dict[int, str]]]
    perhaps: dict[Many, int] | None
    several: tuple[int, dict[Many, int]]
    counts: Counts
    row: Row
    pair: Pair


def _at(schema: Any, *path: str | int) -> Any:  # noqa: ANN401 - a part of a JSON document
    for step in path:
        schema = schema[step]
    return schema


def test_the_keys_of_each_mapping_are_said_wherever_it_is() -> None:
    schema = message_schema(Sold)
    fields = schema["properties"]
    assert "propertyNames" not in _at(fields, "plain")
    assert _at(fields, "short", "propertyNames") == {"maxLength": 2}
    assert _at(fields, "days", "propertyNames") == {"format": "date"}
    assert "pattern" in _at(fields, "days", "additionalProperties", "items", "propertyNames")
    many = {"enum": ["shop", "web"]}
    assert many in [one.get("propertyNames") for one in _at(fields, "perhaps", "anyOf")]
    assert _at(fields, "several", "prefixItems", 1, "propertyNames") == many
    plain = type_schema(Sold)
    assert _at(plain, "$defs", "Counts", "properties", "by", "propertyNames") == many
    assert _at(plain, "$defs", "Row", "prefixItems", 1, "propertyNames") == {"enum": ["a", "b"]}
    assert _at(plain, "$defs", "Pair", "prefixItems", 0, "propertyNames") == {"format": "uuid"}


class Noted(IntegrationEvent, name="acme.noted"):
    marked: Marked


def test_what_is_said_of_a_list_with_a_tag_is_said_of_the_places_behind_its_tag() -> None:
    tag, at, by = _at(type_schema(Noted), "$defs", "Marked", "prefixItems")
    assert tag == {"enum": ["marked"]}
    assert [one["format"] for one in at["anyOf"]] == ["date-time", "local-date-time"]
    assert by["propertyNames"] == {"enum": ["a", "b"]}


def test_what_is_written_is_valid() -> None:
    many = {Many.SHOP: 1}
    event = Sold(
        plain={"x": 1},
        short={"ab": 1},
        days={date(2026, 1, 1): [{-5: "a", 0: "b", 17: "c"}]},
        perhaps=many,
        several=(1, many),
        counts=Counts(many, Counts(many)),
        row=Row("a", {"b": 1}),
        pair=Pair({UUID(int=1): 1}, 2),
    )
    valid = jsonschema_rs.validator_for(dict(message_schema(Sold)))
    written = json.loads(msgspec.json.encode(event))
    valid.validate(written)
    assert not valid.is_valid({**written, "perhaps": {"phone": 1}})
    assert not valid.is_valid({**written, "days": {"2026-01-01": [{"1.5": "a"}]}})


def _verdict(old: object, new: object) -> Mapping[str, list[str]]:
    """The rules that reading each way breaks."""
    versions = [
        Version(name=str(number), schema=type_schema(msgspec.defstruct("Event", [("by", kind)])))
        for number, kind in enumerate((old, new))
    ]
    found = check(Compatibility.FULL, versions[1], versions[:1])
    said: dict[str, list[str]] = {"backward": [], "forward": []}
    for one in found:
        said[one.direction].append(one.problem.rule if isinstance(one.problem, Breaking) else "unknown")
    return said


NARROWED, WIDENED = "property-names-narrowed", "property-names-widened"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (dict[Many, int], dict[Many, int], {"backward": [], "forward": []}),
        (dict[Few, int], dict[Many, int], {"backward": [], "forward": [WIDENED]}),
        (dict[Many, int], dict[Few, int], {"backward": [NARROWED], "forward": []}),
        (dict[UUID, int], dict[str, int], {"backward": [], "forward": [WIDENED]}),
        (dict[int, int], dict[Literal["1", "2"], int], {"backward": [NARROWED], "forward": []}),
    ],
)
def test_a_verdict_counts_the_keys(old: object, new: object, said: Mapping[str, list[str]]) -> None:
    assert _verdict(old, new) == said


class Read(ConsumerView, of="acme.sold", versions="1"):
    perhaps: dict[Few, int] | None


def test_a_view_that_reads_fewer_keys_than_are_written_is_told() -> None:
    (flaw,) = view_flaws(Read, [Sold])
    assert "does not read all that 'acme.sold' v1 may hold there" in flaw
    assert '"shop"' in flaw


class Told(IntegrationEvent, name="acme.told"):
    text: str
    at: Instant
    opens: TimeOfDay


class Fitting(ConsumerView, of="acme.told", versions="1"):
    at: datetime
    opens: time | None


class Words(ConsumerView, of="acme.told", versions="1"):
    text: datetime


class Clock(ConsumerView, of="acme.told", versions="1"):
    text: time | None


class Zoneless(ConsumerView, of="acme.told", versions="1"):
    at: Annotated[datetime, Meta(tz=False)]


class Days(ConsumerView, of="acme.told", versions="1"):
    opens: date


@pytest.mark.parametrize(("view", "field"), [(Words, "/text"), (Clock, "/text"), (Zoneless, "/at"), (Days, "/opens")])
def test_a_view_whose_time_may_have_no_zone_does_not_read_whatever_is_text(view: type, field: str) -> None:
    (problem,) = view_problems(view, type_schema(Told))
    assert problem.path == field
    (flaw,) = view_flaws(view, [Told])
    assert "does not read all" in flaw


def test_a_view_whose_time_may_have_no_zone_reads_times_that_are_published() -> None:
    assert not view_problems(Fitting, type_schema(Told))


class Bound(ConsumerView, of="acme.told", versions="1"):
    text: str | Annotated[str, Meta(pattern="^a")]


class Listed(ConsumerView, of="acme.told", versions="1"):
    text: Literal["b"] | Annotated[str, Meta(max_length=3)] | None


class Numbers(ConsumerView, of="acme.told", versions="1"):
    text: Annotated[int, Meta(gt=5)] | float


class Ranked(ConsumerView, of="acme.told", versions="1"):
    text: Rank | float


@pytest.mark.parametrize("view", [Bound, Listed, Numbers, Ranked])
def test_a_view_that_is_stricter_than_its_schema_says_is_refused(view: type) -> None:
    assert [flaw for flaw in view_flaws(view, [Told]) if "a union of types of one kind" in flaw]


class Kept(IntegrationEvent, name="acme.kept"):
    cents: int | float
    days: dict[int, int]
    mark: bytes
    rights: Rights


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (dict[Annotated[int, Meta(ge=0)], int], "keys"),
        (dict[str, dict[Annotated[bytes, Meta(max_length=3)], int]], "keys"),
        (tuple[Annotated[bytes, Meta(max_length=4)], int], "bytes"),
        (list[Annotated[bytes, Meta(min_length=2)]], "bytes"),
        (list[Annotated[bytes, Meta(min_length=1, max_length=3)]], ""),
        (dict[Annotated[str, Meta(max_length=3)], int], ""),
    ],
)
def test_a_field_whose_bounds_no_schema_says_is_in_no_language_and_no_view(kind: object, said: str) -> None:
    event = cast("type[IntegrationEvent]", msgspec.defstruct("Event", [("found", kind)]))
    for flaws in (language_flaws(event), merged_flaws(event)):
        assert [said in flaw and "no schema says" in flaw for flaw in flaws] == [True] * bool(said)


def test_the_schema_of_flags_says_each_that_can_be_together() -> None:
    schema = message_schema(Kept)
    assert _at(schema, "$defs", "Rights", "enum") == [0, 1, 2, 3]
    both = Kept(cents=1, days={}, mark=b"", rights=Rights.READ | Rights.WRITE)
    jsonschema_rs.validator_for(dict(schema)).validate(json.loads(msgspec.json.encode(both)))
    assert _verdict(dict[Rights, Rights], dict[Widened, Widened])["backward"] == []
    assert _verdict(dict[Rights, int], dict[Literal["1", "2"], int])["backward"] == [NARROWED]
    assert _verdict(Rights, Literal[1, 2])["backward"] == ["enum-value-removed"]


class Line(Struct, frozen=True):
    count: int


class Box(Struct, Generic[T], frozen=True):
    inside: T


class Elsewhere:
    class Line(Struct, frozen=True):
        weight: float


class Boxed(IntegrationEvent, name="acme.boxed"):
    one: Box[Line]
    other: Box[Elsewhere.Line]


def test_classes_of_one_name_that_no_schema_can_tell_apart_are_told() -> None:
    with pytest.raises(DefinitionError, match="in Boxed have one name"):
        message_schema(Boxed)


class Position(Struct, frozen=True):
    cents: int
    marks: list[str]


class Billed(IntegrationEvent, name="acme.billed"):
    cents: int | None
    tags: list[str]
    pairs: list[list[int]]
    by: dict[str, Position]


class ReadPosition(Struct, frozen=True):
    cents: Decimal
    marks: Annotated[set[str], Meta(min_length=0)]


class Wide(ConsumerView, of="acme.billed", versions="1"):
    cents: Annotated[Decimal, Meta(description="in cents")] | None
    tags: frozenset[str]
    by: dict[str, ReadPosition]


def test_a_view_reads_a_whole_number_as_a_decimal_and_a_list_as_a_set() -> None:
    assert not view_problems(Wide, type_schema(Billed))
    assert not list(view_flaws(Wide, [Billed]))
    told = Billed(cents=5, tags=["a", "a"], pairs=[], by={"x": Position(cents=1, marks=["b", "b"])})
    assert msgspec.json.decode(msgspec.json.encode(told), type=Wide) == Wide(
        cents=Decimal(5), tags=frozenset("a"), by={"x": ReadPosition(cents=Decimal(1), marks={"b"})}
    )


class Least(ConsumerView, of="acme.billed", versions="1"):
    tags: Annotated[set[str], Meta(min_length=2)]


class Unhashable(ConsumerView, of="acme.billed", versions="1"):
    pairs: set[list[int]]


class Exact(IntegrationEvent, name="acme.billed", version=2):
    cents: Decimal


class Counted(ConsumerView, of="acme.billed", versions="2"):
    cents: int


@pytest.mark.parametrize(("view", "published"), [(Least, Billed), (Unhashable, Billed), (Counted, Exact)])
def test_a_view_does_not_read_what_its_types_do_not_take(view: type, published: type[IntegrationEvent]) -> None:
    assert view_problems(view, type_schema(published))

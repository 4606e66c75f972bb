"""JSON Schemas of what is published: derived from the types, closed, and true to what is written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from leftfold import IntegrationEvent
from leftfold.integration.formats import Instant, TimeOfDay
from leftfold.integration.message_schemas import Schema, language_flaws, message_schema, schema_digest, type_schema


class Channel(Enum):
    WEB = "web"
    SHOP = "shop"


class Line(Struct, frozen=True):
    sku: str
    price: Decimal
    tags: tuple[str, ...] = ()


class Node(Struct, frozen=True):
    name: str
    inside: list[Node] = []


class Placed(IntegrationEvent, name="acme.placed", version=3):
    id: str
    at: Instant
    day: date
    lines: list[Line]
    channel: Channel = Channel.WEB
    note: str | None = None
    shares: dict[str, int] = msgspec.field(default_factory=dict)
    tree: Node | None = None


class Card(Struct, frozen=True, tag=True):
    number: str


class Cash(Struct, frozen=True, tag="#/$defs/Größe"):
    paid: int


class Paid(IntegrationEvent, name="acme.paid"):
    by: Card | Cash
    discriminator: str = ""


class Loose(IntegrationEvent):
    at: datetime


class Deep(IntegrationEvent):
    found: dict[str, list[tuple[int, datetime | None]]]
    again: Node | None = None


class Tidy(IntegrationEvent):
    at: Annotated[datetime, Meta(tz=True)]
    days: list[date]


SCHEMA = message_schema(Placed)
VALID = jsonschema_rs.validator_for(dict(SCHEMA))

placed = st.builds(
    Placed,
    id=st.text(),
    at=st.datetimes(timezones=st.just(UTC)),
    day=st.dates(),
    lines=st.lists(st.builds(Line, sku=st.text(), price=st.decimals(allow_nan=False, allow_infinity=False))),
    channel=st.sampled_from(Channel),
    note=st.none() | st.text(),
    shares=st.dictionaries(st.text(), st.integers(-(2**53), 2**53)),
    tree=st.none() | st.builds(Node, name=st.text(), inside=st.lists(st.builds(Node, name=st.text()), max_size=2)),
)


@given(placed)
def test_what_is_written_is_valid_and_closed(event: Placed) -> None:
    written = json.loads(msgspec.json.encode(event))
    VALID.validate(written)
    assert not VALID.is_valid({**written, "more": 1})
    for line in written["lines"]:
        assert not VALID.is_valid({**written, "lines": [{**line, "more": 1}]})


def test_it_says_what_it_is_of_by_a_relative_id_and_says_what_a_time_is() -> None:
    assert SCHEMA["$id"] == "acme.placed/3"
    assert str(SCHEMA["$schema"]).endswith("json-schema.org/draft/2020-12/schema")
    properties: Any = SCHEMA["properties"]
    assert properties["at"]["format"] == "date-time"
    assert properties["day"]["format"] == "date"
    assert SCHEMA["required"] == ["id", "at", "day", "lines"]
    assert not VALID.is_valid({"id": "1", "at": "yesterday", "day": "2026-01-01"})


def test_alternatives_are_told_apart_by_their_tags_alone() -> None:
    schema = message_schema(Paid)
    properties: Any = schema["properties"]
    assert set(properties["by"]) == {"anyOf"}
    assert "discriminator" in properties
    validator = jsonschema_rs.validator_for(schema)
    assert validator.is_valid(json.loads(msgspec.json.encode(Paid(by=Cash(paid=1)))))
    assert not validator.is_valid({"by": {"type": "Card", "paid": 1}})


def test_a_type_that_is_inside_itself_keeps_its_definition() -> None:
    schema = type_schema(Node)
    assert jsonschema_rs.validator_for(dict(schema)).is_valid({"name": "a", "inside": [{"name": "b"}]})
    assert not jsonschema_rs.validator_for(dict(schema)).is_valid({"name": "a", "inside": [{"inside": []}]})


@pytest.mark.parametrize(
    ("cls", "paths"),
    [(Loose, ["'at'"]), (Deep, ["'found[][][1]'"]), (Tidy, []), (Placed, [])],
)
def test_a_plain_datetime_is_refused_wherever_it_is(cls: type[IntegrationEvent], paths: list[str]) -> None:
    flaws = list(language_flaws(cls))
    assert len(flaws) == len(paths)
    for flaw, path in zip(flaws, paths, strict=True):
        assert f"field {path} is a plain datetime" in flaw
        assert "Instant" in flaw


class Vague(IntegrationEvent, name="acme.vague"):
    local: Annotated[datetime, Meta(tz=False)]
    opens: time
    closes: TimeOfDay


def test_a_time_whose_schema_says_no_more_than_that_it_is_text_is_refused() -> None:
    local, opens = language_flaws(Vague)
    assert "field 'local' is a datetime without a zone, and its schema says nothing of it" in local
    assert "field 'opens' is a plain time, which may have a zone, and its schema says nothing of it" in opens
    assert (local.endswith("Instant"), opens.endswith("TimeOfDay")) == (True, True)


def rewritten(change: dict[str, object]) -> Schema:
    made: Schema = json.loads(json.dumps({**SCHEMA, **change}))
    return made


WORDS: list[dict[str, object]] = [
    {"title": "Other"},
    {"description": "Other"},
    {"$id": "other/9"},
    {"required": ["lines", "day", "at", "id"]},
]
CHANGES: list[dict[str, object]] = [{"required": ["id"]}, {"additionalProperties": True}, {"properties": {}}]


def test_a_digest_changes_with_what_is_said_and_not_with_words_or_order() -> None:
    digest = schema_digest(SCHEMA)
    assert schema_digest(dict(reversed(list(SCHEMA.items())))) == digest
    assert {schema_digest(rewritten(words)) for words in WORDS} == {digest}
    assert digest not in {schema_digest(rewritten(change)) for change in CHANGES}


def test_properties_that_are_called_like_words_count() -> None:
    def of(kind: str) -> Schema:
        return {"type": "object", "properties": {"title": {"type": kind}}}

    assert schema_digest(of("string")) != schema_digest(of("integer"))


class Mode(IntegrationEvent):
    kind: Literal["a", "b"]


def test_a_closed_set_of_words_is_in_the_schema() -> None:
    properties: Any = message_schema(Mode)["properties"]
    assert properties["kind"]["enum"] == ["a", "b"]

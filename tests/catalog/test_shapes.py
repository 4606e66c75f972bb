"""The fields of an event, read from its schema."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import pytest
from msgspec import Meta

from leftfold import IntegrationEvent
from leftfold.catalog.shapes import fields_in, has_field, overlaps
from leftfold.integration.message_schemas import message_schema


class Line(IntegrationEvent):
    sku: str
    price: Decimal


class Tree(IntegrationEvent):
    name: str
    children: list[Tree]


class Placed(IntegrationEvent, name="shop.placed", version=2):
    id: str
    at: Annotated[datetime, Meta(tz=True)]
    lines: list[Line]
    tags: dict[str, int]
    note: str | None = None
    pair: tuple[int, str]


def test_every_field_is_named_by_its_pointer_with_its_type() -> None:
    assert fields_in(dict(message_schema(Placed))) == {
        "/at": "string (date-time)",
        "/id": "string",
        "/lines": "array",
        "/lines/*": "object",
        "/lines/*/price": "string (decimal)",
        "/lines/*/sku": "string",
        "/note": "string | null",
        "/pair": "array",
        "/tags": "object",
        "/tags/*": "integer",
    }


def test_what_refers_to_itself_ends() -> None:
    assert fields_in(dict(message_schema(Tree))) == {
        "/children": "array",
        "/children/*": "object",
        "/children/*/children": "array",
        "/children/*/children/*": "object",
        "/children/*/name": "string",
        "/name": "string",
    }


def test_odd_schemas_give_what_they_have() -> None:
    assert fields_in({"$ref": "#/nowhere"}) == {}
    assert fields_in({"$ref": "https://elsewhere"}) == {}
    assert fields_in({"properties": {"a/b~": True, "c": {"type": ["string", "null"]}, "d": {"enum": [1]}}}) == {
        "/a~1b~0": "any",
        "/c": "string | null",
        "/d": "enum",
    }
    assert fields_in({"$defs": {"x": {"$ref": "#/$defs/x"}}, "properties": {"a": {"$ref": "#/$defs/x"}}}) == {
        "/a": "any"
    }
    assert fields_in({"anyOf": [{"properties": {"a": {"type": "string"}}}, {"type": "null"}]}) == {"/a": "string"}


@pytest.mark.parametrize(
    ("pointer", "there"),
    [("/a", True), ("/a/b", False), ("/o/x", True), ("/o/x/y", True), ("/p/x", False), ("/z", False)],
)
def test_what_is_inside_an_object_of_which_nothing_is_said_may_be_there(pointer: str, there: bool) -> None:
    assert has_field({"/a": "string", "/o": "object", "/p": "object", "/p/q": "string"}, pointer) is there


def test_pointers_overlap_when_one_is_inside_the_other() -> None:
    assert overlaps("/a", "/a/b")
    assert overlaps("/a/b", "/a")
    assert not overlaps("/a", "/ab")

"""What is a schema, and what is said of a document that is none or that is not all understood."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leftfold.errors import DefinitionError
from leftfold.schemas import (
    Breaking,
    Compatibility,
    Compatible,
    Document,
    InvalidSchema,
    Rule,
    Unknown,
    Version,
    check,
    compare,
    problems,
    property_digests,
    read_schema,
)
from tests.schemas.judging import is_valid
from tests.schemas.making import Raw

S: Raw = {"type": "string"}


def deep(levels: int) -> Raw:
    made: Raw = {}
    for _ in range(levels):
        made = {"items": made}
    return made


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (5, ""),
        ([], ""),
        (None, ""),
        ({"type": 5}, "/type"),
        ({"type": "text"}, "/type"),
        ({"type": ["string", "text"]}, "/type"),
        ({"type": None}, "/type"),
        ({"enum": "a"}, "/enum"),
        ({"enum": [{1, 2}]}, "/enum"),
        ({"const": float("nan")}, "/const"),
        ({"required": "a"}, "/required"),
        ({"required": [1]}, "/required"),
        ({"properties": []}, "/properties"),
        ({"properties": {"a/b": {"type": 5}}}, "/properties/a~1b/type"),
        ({"properties": {"a": 5}}, "/properties/a"),
        ({"additionalProperties": "no"}, "/additionalProperties"),
        ({"items": [S]}, "/items"),
        ({"prefixItems": S}, "/prefixItems"),
        ({"prefixItems": [S, 1]}, "/prefixItems/1"),
        ({"minimum": "1"}, "/minimum"),
        ({"minimum": True}, "/minimum"),
        ({"maximum": float("inf")}, "/maximum"),
        ({"maximum": Decimal("1e9999")}, "/maximum"),
        ({"multipleOf": 0}, "/multipleOf"),
        ({"multipleOf": -1}, "/multipleOf"),
        ({"minLength": -1}, "/minLength"),
        ({"maxLength": 1.5}, "/maxLength"),
        ({"pattern": 1}, "/pattern"),
        ({"format": None}, "/format"),
        ({"uniqueItems": 1}, "/uniqueItems"),
        ({"anyOf": S}, "/anyOf"),
        ({"allOf": [1]}, "/allOf/0"),
        ({"not": 1}, "/not"),
        ({"if": 1}, "/if"),
        ({"dependentRequired": {"a": "b"}}, "/dependentRequired"),
        ({"dependentSchemas": {"a": 1}}, "/dependentSchemas/a"),
        ({"$ref": 1}, "/$ref"),
        ({"$ref": "#/$defs/A"}, "/$ref"),
        ({"items": {"$ref": "#/$defs/A/0"}, "$defs": {"A": S}}, "/items/$ref"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": 5}}}, "/$defs/A/type"),
        ({"$ref": "#"}, ""),
        ({"dependentSchemas": {"a": {"$ref": "#"}}}, ""),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": [S, {"$ref": "#/$defs/A"}]}}}, "/$defs/A"),
        (deep(5_000), ""),
    ],
)
def test_a_malformed_schema_is_an_error_that_names_where(document: Document, path: str) -> None:
    with pytest.raises(InvalidSchema) as caught:
        read_schema(document)
    assert caught.value.path == path
    assert repr("#" + path) in str(caught.value)
    assert isinstance(caught.value, DefinitionError)


def verdict(writer: Document, reader: Document) -> object:
    return compare(read_schema(writer), read_schema(reader))


@pytest.mark.parametrize(
    ("schema", "keyword", "path"),
    [
        ({"x-unit": "EUR"}, "x-unit", "#"),
        ({"properties": {"a": {"divisibleBy": 2}}}, "divisibleBy", "#/properties/a"),
        ({"$ref": "https://example.org/a.json"}, "$ref", "#"),
        ({"$ref": "#anchor"}, "$ref", "#"),
        ({"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"odd": 1}}}, "odd", "#/$defs/A"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "$schema", "#"),
        ({"items": {"$id": "https://example.org/a"}}, "$id", "#/items"),
        ({"$dynamicRef": "#a"}, "$dynamicRef", "#"),
        ({"unevaluatedItems": False}, "unevaluatedItems", "#"),
        ({"unevaluatedProperties": {"type": "string"}}, "unevaluatedProperties", "#"),
    ],
)
def test_a_keyword_that_is_not_known_is_unknown_on_either_side(schema: Raw, keyword: str, path: str) -> None:
    for writer, reader in ((schema, schema), (schema, True), (False, schema)):
        assert verdict(writer, reader) == Unknown(keyword=keyword, path=path)


def test_a_break_elsewhere_is_told_beside_a_keyword_that_is_not_known() -> None:
    writer: Raw = {"type": "object", "properties": {"a": S, "b": {"odd": 1}}, "required": ["a"]}
    found = problems(read_schema(writer), read_schema({"properties": {"a": {"type": "null"}}}))
    assert [type(each) for each in found] == [Unknown, Breaking]
    assert isinstance(verdict(writer, {"properties": {"a": {"type": "null"}}}), Breaking)


def test_definitions_that_nothing_names_are_not_looked_at() -> None:
    assert verdict({"$defs": {"A": {"odd": 1}}, **S}, S) == Compatible()


@pytest.mark.parametrize("ref", ["#/$defs/a b", "#/$defs/a%20b", "#/properties/x/anyOf/1", "#/$defs/c~1d"])
def test_a_local_reference_is_followed_wherever_it_leads(ref: str) -> None:
    number = {"type": "integer"}
    defs: Raw = {"a b": number, "c/d": number}
    schema: Raw = {"properties": {"x": {"anyOf": [S, number]}, "y": {"$ref": ref}}, "$defs": defs}
    assert (
        verdict({"type": "object", "properties": {"y": {"type": "integer"}}, "additionalProperties": False}, schema)
        == Compatible()
    )
    assert isinstance(verdict({"type": "object", "properties": {"y": S}}, schema), Breaking)


@pytest.mark.parametrize(
    ("writer", "reader", "answer"),
    [
        (True, True, Compatible),
        (False, True, Compatible),
        (False, False, Compatible),
        (True, False, Breaking),
        (True, {}, Compatible),
        ({}, S, Breaking),
        ({"type": "string", "minLength": 2, "maxLength": 1}, False, Compatible),
        ({"enum": []}, False, Compatible),
    ],
)
def test_truth_values_and_schemas_of_nothing(writer: Document, reader: Document, answer: type) -> None:
    assert isinstance(verdict(writer, reader), answer)


def test_numbers_are_taken_as_their_text_says_them() -> None:
    def step(size: object, value: object) -> object:
        return verdict({"const": value}, {"multipleOf": size})

    assert step(0.1, 0.3) == Compatible()
    assert step(Decimal("0.1"), Decimal("0.30000000000000000001")) != Compatible()
    assert verdict({"const": 1}, {"const": 1.0}) == Compatible()
    assert verdict({"const": 2**53 + 1}, {"maximum": 2**53}) != Compatible()
    assert verdict({"const": True}, {"const": 1}) != Compatible()
    found = verdict({"type": "number", "exclusiveMinimum": 0, "maximum": Decimal("1e-40")}, {"maximum": 0})
    assert isinstance(found, Breaking)
    assert found.rule is Rule.MAXIMUM_LOWERED
    assert 0 < Decimal(str(found.witness)) <= Decimal("1e-40")


def test_what_hangs_on_how_a_reader_rounds_is_left_undecided() -> None:
    for writer, reader in (
        ({"const": 1e300}, {"multipleOf": 3}),
        ({"enum": [1e300], "multipleOf": 3}, S),
        ({"type": "number", "exclusiveMinimum": 10**30}, {"type": "integer"}),
        ({"type": "number", "exclusiveMaximum": -(10**30)}, {"multipleOf": 3}),
        ({"const": Decimal("1e399")}, {"maximum": 1}),
    ):
        assert isinstance(verdict(writer, reader), Unknown), (writer, reader)


@pytest.mark.parametrize("bound", [1e300, 1e22, 10**30])
def test_a_witness_keeps_its_distance_from_a_bound_that_readers_may_round(bound: float) -> None:
    for writer, reader in (
        ({"type": "integer"}, {"maximum": bound}),
        ({"type": "number", "minimum": bound}, {"type": "string"}),
        ({"type": "integer", "minimum": bound}, {"exclusiveMinimum": -bound, "maximum": bound}),
        ({"type": "number"}, {"minimum": -bound}),
        ({"exclusiveMinimum": 2, "maximum": 2**53}, {"multipleOf": 1.0}),
        ({"type": "number", "maximum": bound}, {"type": "integer"}),
        ({"type": "number", "minimum": -bound}, {"multipleOf": 3}),
    ):
        found = verdict(writer, reader)
        assert isinstance(found, Breaking)
        assert is_valid(writer, found.witness)
        assert not is_valid(reader, found.witness)


ODD: tuple[object, ...] = ("\ud800", {"\ud800": 1}, {1: 2}, float("nan"), [{"a": float("inf")}], b"x")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("keyword", ["const", "enum", "format"])
def test_what_is_no_json_is_refused_where_it_counts(keyword: str, odd: object) -> None:
    schema: Raw = {"properties": {"a": {keyword: [odd] if keyword == "enum" else odd}}}
    with pytest.raises(InvalidSchema) as caught:
        read_schema(schema)
    assert caught.value.path == f"/properties/a/{keyword}"


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("keyword", ["default", "examples", "title"])
def test_what_is_no_json_is_passed_over_where_it_is_a_word_for_people(keyword: str, odd: object) -> None:
    schema: Raw = {"properties": {"a": {keyword: [odd] if keyword == "examples" else odd}}}
    assert check(Compatibility.FULL, Version(name="2", schema=schema), [Version(name="1", schema={})]) == ()


def test_what_is_no_json_has_no_digest() -> None:
    with pytest.raises(InvalidSchema, match="no JSON"):
        property_digests({"properties": {"a": {"odd": {1: 2}}}})

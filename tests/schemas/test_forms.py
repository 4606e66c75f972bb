"""A schema closed for its writer and opened for its reader."""

from __future__ import annotations

import pytest

from leftfold.schemas import Compatible, Document, compare, read_schema, reader_form, writer_form
from tests.schemas.judging import is_valid
from tests.schemas.making import Raw

S: Raw = {"type": "string"}
LINE: Raw = {"type": "object", "properties": {"sku": S}}
SHUT: Raw = {**LINE, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        (True, True),
        (S, S),
        (LINE, SHUT),
        ({"type": "object"}, {"type": "object"}),
        ({**LINE, "additionalProperties": S}, {**LINE, "additionalProperties": S}),
        ({**LINE, "additionalProperties": True}, {**LINE, "additionalProperties": True}),
        ({"items": LINE}, {"items": SHUT}),
        ({"prefixItems": [LINE]}, {"prefixItems": [SHUT]}),
        ({"additionalProperties": LINE}, {"additionalProperties": SHUT}),
        ({"anyOf": [LINE, S]}, {"anyOf": [SHUT, S]}),
        ({"oneOf": [LINE]}, {"oneOf": [SHUT]}),
        ({"not": LINE}, {"not": LINE}),
        ({"not": {"properties": {"a": LINE}}}, {"not": {"properties": {"a": LINE}}}),
        ({"contains": LINE}, {"contains": LINE}),
        (
            {"items": {"$ref": "#/$defs/L"}, "$defs": {"L": LINE}},
            {"items": {"$ref": "#/$defs/L"}, "$defs": {"L": SHUT}},
        ),
        ({"allOf": [LINE, LINE]}, {"allOf": [LINE, LINE], "unevaluatedProperties": False}),
        ({"allOf": [S, S]}, {"allOf": [S, S]}),
        (
            {**LINE, "if": LINE, "then": LINE},
            {**LINE, "if": LINE, "then": LINE, "unevaluatedProperties": False},
        ),
    ],
)
def test_a_writer_has_only_the_properties_it_speaks_of(schema: Document, closed: Document) -> None:
    assert writer_form(schema) == closed


def test_parts_of_one_object_are_closed_together() -> None:
    base: Raw = {"type": "object", "properties": {"id": S, "line": LINE}}
    schema: Raw = {
        "allOf": [{"$ref": "#/$defs/Base"}],
        "properties": {"a": {"$ref": "#/$defs/Base"}},
        "$defs": {"Base": base},
    }
    closed = writer_form(schema)
    assert is_valid(closed, {"id": "1", "a": {"id": "2"}, "line": {"sku": "x"}})
    for document in ({"b": 1}, {"a": {"b": 1}}, {"line": {"b": 1}}):
        assert is_valid(schema, document)
        assert not is_valid(closed, document)
    assert compare(read_schema(closed), read_schema(reader_form(schema))) == Compatible()


@pytest.mark.parametrize(
    ("schema", "opened"),
    [
        (True, True),
        (SHUT, LINE),
        ({**LINE, "unevaluatedProperties": False}, LINE),
        ({**LINE, "additionalProperties": S}, {**LINE, "additionalProperties": S}),
        ({"items": SHUT}, {"items": LINE}),
        ({"anyOf": [SHUT]}, {"anyOf": [LINE]}),
        ({"oneOf": [SHUT, S]}, {"anyOf": [LINE, S]}),
        ({"oneOf": [SHUT, S], "anyOf": [S, LINE]}, {"anyOf": [S, LINE], "allOf": [{"anyOf": [LINE, S]}]}),
        ({"oneOf": [LINE, S]}, {"oneOf": [LINE, S]}),
        ({"not": SHUT}, {"not": SHUT}),
        (
            {"$ref": "#/$defs/L", "$defs": {"L": SHUT, "unused": SHUT}},
            {"$ref": "#/$defs/L", "$defs": {"L": LINE}},
        ),
    ],
)
def test_a_reader_ignores_the_properties_it_does_not_know(schema: Document, opened: Document) -> None:
    assert reader_form(schema) == opened


def test_a_condition_keeps_its_meaning_where_a_reader_is_opened() -> None:
    schema: Raw = {"not": {"$ref": "#/$defs/L"}, "items": {"$ref": "#/$defs/L"}, "$defs": {"L": SHUT}}
    opened = reader_form(schema)
    assert is_valid(opened, {"sku": "a", "more": 1})
    assert not is_valid(opened, {"sku": "a"})
    assert is_valid(opened, [{"sku": "a", "more": 1}])


def test_a_strict_reader_stays_as_it_is() -> None:
    assert reader_form(SHUT, strict=True) == SHUT


@pytest.mark.parametrize(
    "schema",
    [
        {**LINE, "required": ["sku", "n"]},
        {"$ref": "#/$defs/L", "$defs": {"L": {**LINE, "required": ["sku", "n"]}}},
        {"anyOf": [{**LINE, "required": ["sku", "n"]}, S]},
    ],
)
def test_what_a_reader_fills_in_need_not_be_there(schema: Raw) -> None:
    form = reader_form(schema, fills={"sku"})
    assert not is_valid(schema, {"n": 1})
    assert is_valid(form, {"n": 1})
    assert not is_valid(form, {"sku": "a"})
    assert not is_valid(form, {"n": 1, "sku": 2})


def test_definitions_of_any_name_are_found_again() -> None:
    defs: Raw = {"a b": SHUT, "a%b": S, "a_b": {"type": "null"}, "c/d": S}
    names = ["a%20b", "a%25b", "a_b", "c~1d"]
    schema: Raw = {"properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}, "$defs": defs}
    for form in (writer_form(schema), reader_form(schema)):
        assert is_valid(form, {"a%20b": {"sku": "x"}, "a%25b": "x", "a_b": None, "c~1d": "x"})
        for name in names:
            assert not is_valid(form, {name: 5})
        assert not read_schema(form).unknown

"""The table of changes: what each does to a newer reader of older messages, and to an older reader of newer ones.

Each row is read backwards too, as its mirror. What schemas alone do not decide is in `test_rows_beside_schemas.py`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import pytest

from leftfold.schemas import Breaking, Compatibility, Rule, Unknown, Version, check
from tests.schemas.judging import is_valid
from tests.schemas.making import Raw

Answer: TypeAlias = Rule | Literal["ok", "unknown"]


class Row(NamedTuple):
    change: str
    old: Raw
    new: Raw
    backward: Answer
    forward: Answer


def fields(required: str = "", **properties: object) -> Raw:
    return {"type": "object", "properties": properties, "required": required.split()}


def one(**keywords: object) -> Raw:
    """A message with one property, of which the schema has these keywords."""
    return fields("x", x=keywords)


S: Raw = {"type": "string"}
I: Raw = {"type": "integer"}  # noqa: E741
FREE: Raw = {"type": "object", "additionalProperties": True}
NUMBERED: Raw = {"type": "object", "additionalProperties": I}
HELD: Raw = {"type": "array", "items": S, "contains": {"const": "q"}}
A: Raw = {"type": "object", "properties": {"t": {"const": "a"}}, "required": ["t"]}
B: Raw = {"type": "object", "properties": {"t": {"const": "b"}}, "required": ["t"]}
TAGGED = fields("t n", t=S, n={"type": "string", "pattern": "^[0-9]{3}$"})
DATE, TIME = one(type="string", format="date"), one(type="string", format="date-time")
R = Rule

NARROWINGS = [
    Row("required property added", fields(), fields("a", a=S), R.REQUIRED_PROPERTY_ADDED, "ok"),
    Row(
        "required property added beside an array that contains something",
        fields("x", x=HELD),
        fields("x b", x=HELD, b=S),
        R.REQUIRED_PROPERTY_ADDED,
        "ok",
    ),
    Row("optional made required", fields(a=S), fields("a", a=S), R.PROPERTY_MADE_REQUIRED, "ok"),
    Row("property forbidden", fields(a=S), fields(a=False), R.PROPERTY_FORBIDDEN, "ok"),
    Row("number to integer", one(type="number"), one(type="integer"), R.TYPE_NARROWED, "ok"),
    Row("null taken away", one(type=["string", "null"]), one(type="string"), R.TYPE_NARROWED, "ok"),
    Row("nullable taken away", one(anyOf=[S, {"type": "null"}]), one(**S), R.TYPE_NARROWED, "ok"),
    Row("enum value removed", one(enum=["a", "b"]), one(enum=["a"]), R.ENUM_VALUE_REMOVED, "ok"),
    Row("enum added", one(**S), one(type="string", enum=["a"]), R.ENUM_ADDED, "ok"),
    Row("true is not 1", one(enum=[1, True]), one(enum=[1]), R.TYPE_NARROWED, "ok"),
    Row("minimum raised", one(type="integer", minimum=1), one(type="integer", minimum=2), R.MINIMUM_RAISED, "ok"),
    Row("minimum added", one(type="number"), one(type="number", minimum=0), R.MINIMUM_RAISED, "ok"),
    Row(
        "minimum opened",
        one(type="number", minimum=1),
        one(type="number", exclusiveMinimum=1),
        R.MINIMUM_RAISED,
        "ok",
    ),
    Row("maximum lowered", one(type="number", maximum=2), one(type="number", maximum=1), R.MAXIMUM_LOWERED, "ok"),
    Row(
        "a bound beyond floats",
        one(type="integer", maximum=2**70 + 1),
        one(type="integer", maximum=2**70),
        R.MAXIMUM_LOWERED,
        "ok",
    ),
    Row(
        "multiple of a multiple",
        one(type="integer", multipleOf=2),
        one(type="integer", multipleOf=4),
        R.MULTIPLE_NARROWED,
        "ok",
    ),
    Row("multipleOf added", one(type="number"), one(type="number", multipleOf=0.1), R.MULTIPLE_NARROWED, "ok"),
    Row("minLength raised", one(**S), one(type="string", minLength=1), R.MIN_LENGTH_RAISED, "ok"),
    Row("maxLength lowered", one(**S), one(type="string", maxLength=9), R.MAX_LENGTH_LOWERED, "ok"),
    Row("pattern added", one(**S), one(type="string", pattern="^a"), R.PATTERN_ADDED, "ok"),
    Row("format added", one(**S), DATE, R.FORMAT_ADDED, "ok"),
    Row("minItems raised", one(type="array"), one(type="array", minItems=1), R.MIN_ITEMS_RAISED, "ok"),
    Row("maxItems lowered", one(type="array"), one(type="array", maxItems=1), R.MAX_ITEMS_LOWERED, "ok"),
    Row("items narrowed", one(type="array"), one(type="array", items=S), R.TYPE_NARROWED, "ok"),
    Row(
        "closed tuple shortened",
        one(type="array", prefixItems=[S, S], items=False),
        one(type="array", prefixItems=[S], items=False),
        R.TUPLE_SHORTENED,
        "ok",
    ),
    Row("uniqueItems added", one(type="array"), one(type="array", uniqueItems=True), R.UNIQUE_ITEMS_ADDED, "ok"),
    Row("contains added", one(type="array"), one(type="array", contains=S), R.CONTAINS_NARROWED, "ok"),
    Row("minProperties raised", FREE, {**FREE, "minProperties": 1}, R.MIN_PROPERTIES_RAISED, "ok"),
    Row("maxProperties lowered", FREE, {**FREE, "maxProperties": 1}, R.MAX_PROPERTIES_LOWERED, "ok"),
    Row("propertyNames narrowed", FREE, {**FREE, "propertyNames": {"maxLength": 1}}, R.PROPERTY_NAMES_NARROWED, "ok"),
    Row("map narrowed", FREE, {"type": "object", "additionalProperties": I}, R.TYPE_NARROWED, "ok"),
    Row("pattern property narrowed", FREE, {**FREE, "patternProperties": {"^a": I}}, R.TYPE_NARROWED, "ok"),
    Row(
        "dependency added",
        fields(a=S, b=S),
        {**fields(a=S, b=S), "dependentRequired": {"a": ["b"]}},
        R.DEPENDENCY_ADDED,
        "ok",
    ),
    Row(
        "dependency widened",
        {**fields(a=S, b=S, c=S), "dependentRequired": {"a": ["b"]}},
        {**fields(a=S, b=S, c=S), "dependentRequired": {"a": ["b", "c"]}},
        R.DEPENDENCY_ADDED,
        "ok",
    ),
    Row(
        "what a property brings with it added",
        fields(a=S, b=S),
        {**fields(a=S, b=S), "dependentSchemas": {"a": {"required": ["b"]}}},
        R.PROPERTY_MADE_REQUIRED,
        "ok",
    ),
    Row(
        "what a definition says narrowed",
        {**one(**{"$ref": "#/$defs/N"}), "$defs": {"N": {"type": "number"}}},
        {**one(**{"$ref": "#/$defs/N"}), "$defs": {"N": {"type": "integer"}}},
        R.TYPE_NARROWED,
        "ok",
    ),
    Row(
        "an item of a tuple narrowed",
        one(type="array", prefixItems=[S, {"type": "number"}], items=False),
        one(type="array", prefixItems=[S, I], items=False),
        R.TYPE_NARROWED,
        "ok",
    ),
    Row(
        "one more pattern property",
        {**FREE, "patternProperties": {"^S_": S}},
        {**FREE, "patternProperties": {"^S_": S, "^I_": I}},
        R.TYPE_NARROWED,
        "ok",
    ),
    Row("union arm removed", {"anyOf": [A, B]}, {"anyOf": [A]}, R.CONST_CHANGED, "ok"),
    Row(
        "one of several union arms removed",
        {"oneOf": [A, B, fields("t", t={"const": "c"})]},
        {"oneOf": [A, B]},
        R.UNION_ARM_REMOVED,
        "ok",
    ),
    Row("allOf arm added", one(type="integer"), one(type="integer", allOf=[{"minimum": 1}]), R.MINIMUM_RAISED, "ok"),
    Row("not added", one(**S), one(type="string", **{"not": {"const": "a"}}), R.NOT_WIDENED, "ok"),
    Row(
        "not widened",
        one(type="integer", **{"not": {"minimum": 9}}),
        one(type="integer", **{"not": {"minimum": 5}}),
        R.NOT_WIDENED,
        "ok",
    ),
    Row(
        "alternatives that overlap",
        one(anyOf=[{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]),
        one(oneOf=[{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]),
        R.UNION_MADE_AMBIGUOUS,
        "ok",
    ),
    Row(
        "condition added",
        fields("t", t={"enum": ["a", "b"]}, n=S),
        {**fields("t", t={"enum": ["a", "b"]}, n=S), "if": A, "then": {"required": ["n"]}},
        R.PROPERTY_MADE_REQUIRED,
        "ok",
    ),
    Row(
        "condition with another case added",
        fields("t", t={"enum": ["a", "b"]}, n=S),
        {**fields("t", t={"enum": ["a", "b"]}, n=S), "if": A, "else": {"required": ["n"]}},
        R.PROPERTY_MADE_REQUIRED,
        "ok",
    ),
    Row(
        "alternatives that leave out a number",
        one(type="number"),
        one(type="number", anyOf=[{"exclusiveMaximum": 5}, {"exclusiveMinimum": 5}]),
        R.UNION_ARM_REMOVED,
        "ok",
    ),
    Row(
        "alternatives that leave out a length",
        one(**S),
        one(type="string", anyOf=[{"maxLength": 3}, {"minLength": 5}]),
        R.UNION_ARM_REMOVED,
        "ok",
    ),
    Row(
        "one of two properties needed",
        fields(a=S, b=S),
        {**fields(a=S, b=S), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        R.PROPERTY_MADE_REQUIRED,
        "ok",
    ),
    Row(
        "contains more often",
        one(type="array", contains=S),
        one(type="array", contains=S, minContains=2),
        R.CONTAINS_NARROWED,
        "ok",
    ),
    Row(
        "contains fewer kinds",
        one(type="array", items=TAGGED, contains={"properties": {"t": {"enum": ["a", "b"]}}}),
        one(type="array", items=TAGGED, contains={"properties": {"t": {"enum": ["a"]}}}),
        R.CONTAINS_NARROWED,
        "ok",
    ),
    Row(
        "contains less often",
        one(type="array", contains=S),
        one(type="array", contains=S, maxContains=2),
        R.CONTAINS_NARROWED,
        "ok",
    ),
]
OTHERS = [
    Row("nothing", one(**S), one(**S), "ok", "ok"),
    Row(
        "said in alternatives that leave nothing out",
        one(type="number"),
        one(anyOf=[{"type": "number", "maximum": 5}, {"type": "number", "minimum": 5}]),
        "ok",
        "ok",
    ),
    Row(
        "said for each tag",
        {**fields("t", t={"enum": ["a", "b"]}), "additionalProperties": True},
        {"anyOf": [{**A, "additionalProperties": True}, {**B, "additionalProperties": True}]},
        "ok",
        "ok",
    ),
    Row(
        "said of lengths in alternatives",
        one(**S),
        one(anyOf=[{"type": "string", "maxLength": 3}, {"type": "string", "minLength": 4}]),
        "ok",
        "ok",
    ),
    Row("words for people", one(**S), one(title="t", description="d", default="", **S), "ok", "ok"),
    Row("default changed", one(default="a", **S), one(default="b", **S), "ok", "ok"),
    Row(
        "a definition in place of what it says",
        one(**S),
        {**one(**{"$ref": "#/$defs/N"}), "$defs": {"N": S}},
        "ok",
        "ok",
    ),
    Row("closed with all its parts", fields(a=S), {**fields(a=S), "unevaluatedProperties": False}, "ok", "ok"),
    Row("optional property added", fields(), fields(a=S), "ok", "ok"),
    Row("optional property removed", fields(a=S), fields(), "ok", "ok"),
    Row("a free name taken with a type", FREE, {**FREE, "properties": {"a": S}}, R.TYPE_NARROWED, "ok"),
    Row(
        "a name of a map taken with another type",
        NUMBERED,
        {**NUMBERED, "properties": {"a": S}},
        R.TYPE_CHANGED,
        R.TYPE_CHANGED,
    ),
    Row("renamed", fields("a", a=S), fields("b", b=S), R.REQUIRED_PROPERTY_ADDED, R.REQUIRED_PROPERTY_REMOVED),
    Row("type changed", one(type="string"), one(type="integer"), R.TYPE_CHANGED, R.TYPE_CHANGED),
    Row("const changed", one(const="a"), one(const="b"), R.CONST_CHANGED, R.CONST_CHANGED),
    Row("pattern changed", one(type="string", pattern="^a"), one(type="string", pattern="^b"), "unknown", "unknown"),
    Row("format changed", DATE, TIME, R.FORMAT_CHANGED, R.FORMAT_CHANGED),
    Row("a format that is not known", DATE, one(type="string", format="moon"), "unknown", "unknown"),
    Row("a wider format", one(type="string", format="uri"), one(type="string", format="iri"), "unknown", "unknown"),
    Row(
        "encoded text to a number",
        one(type="string", contentEncoding="base64"),
        one(**I),
        R.TYPE_CHANGED,
        R.TYPE_CHANGED,
    ),
    Row("encoded", one(**S), one(type="string", contentEncoding="base64"), "unknown", "ok"),
    Row("closed", fields(a=S), {**fields(a=S), "additionalProperties": False}, "ok", "ok"),
    Row("a map made closed", FREE, {**FREE, "additionalProperties": False}, "ok", "ok"),
    Row(
        "not a multiple",
        one(type="integer", multipleOf=2),
        one(type="integer", multipleOf=3),
        R.MULTIPLE_NARROWED,
        R.MULTIPLE_WIDENED,
    ),
    Row(
        "open tuple lengthened",
        one(type="array", prefixItems=[S]),
        one(type="array", prefixItems=[S, S]),
        R.TYPE_NARROWED,
        "ok",
    ),
    Row(
        "required and bounded at once",
        fields(a=I),
        fields("a", a={"type": "integer", "minimum": 0}),
        R.PROPERTY_MADE_REQUIRED,
        "ok",
    ),
    Row("any unevaluated items", one(type="array"), one(type="array", unevaluatedItems=True), "ok", "ok"),
    Row("unevaluated items", one(type="array"), one(type="array", unevaluatedItems=False), "unknown", "unknown"),
]


def reversed_row(row: Row) -> Row:
    def mirrored(answer: Answer) -> Answer:
        return answer.mirror if isinstance(answer, Rule) else answer

    return Row(f"{row.change}, undone", row.new, row.old, mirrored(row.forward), mirrored(row.backward))


ROWS = [*NARROWINGS, *OTHERS, *map(reversed_row, (*NARROWINGS, *OTHERS))]


def name(row: Row) -> str:
    return row.change


def answer_of(mode: Compatibility, row: Row, *, strict: bool = False) -> Answer:
    old, new = (Version(name=each, schema=getattr(row, each), strict=strict) for each in ("old", "new"))
    found = [finding.problem for finding in check(mode, new, [old])]
    breaks = [problem for problem in found if isinstance(problem, Breaking)]
    writer, reader = (old, new) if mode.is_backward else (new, old)
    for problem in breaks:
        assert is_valid(writer.writer.document, problem.witness)
        assert not is_valid(reader.reader.document, problem.witness)
    if breaks:
        return breaks[0].rule
    assert all(isinstance(problem, Unknown) for problem in found)
    return "unknown" if found else "ok"


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_each_change_has_its_answer_for_a_newer_reader_of_older_messages(row: Row) -> None:
    assert answer_of(Compatibility.BACKWARD, row) == row.backward


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_each_change_has_its_answer_for_an_older_reader_of_newer_messages(row: Row) -> None:
    assert answer_of(Compatibility.FORWARD, row) == row.forward


def test_the_mirror_of_the_mirror_is_the_rule_and_both_are_about_one_keyword() -> None:
    for rule in Rule:
        assert rule.mirror.mirror is rule
        assert rule.mirror.keyword == rule.keyword


def test_every_rule_that_a_schema_can_break_is_in_the_table() -> None:
    told = {answer for row in ROWS for answer in (row.backward, row.forward) if isinstance(answer, Rule)}
    declared = {Rule.REMOVED_NAME_REUSED, Rule.SEMANTIC_BREAK}
    assert set(Rule) - told == {Rule.PROPERTIES_CLOSED, Rule.PROPERTIES_OPENED} | declared


@pytest.mark.parametrize(
    ("old", "new", "backward", "forward"),
    [
        (FREE, {**FREE, "additionalProperties": False}, R.PROPERTIES_CLOSED, "ok"),
        ({**FREE, "additionalProperties": False}, FREE, "ok", R.PROPERTIES_OPENED),
        ({**fields(), "additionalProperties": False}, fields(a=S), "ok", R.PROPERTIES_OPENED),
        (fields(a=S), {**fields(), "additionalProperties": False}, R.PROPERTIES_CLOSED, "ok"),
    ],
)
def test_a_strict_reader_refuses_what_it_does_not_know(old: Raw, new: Raw, backward: Answer, forward: Answer) -> None:
    row = Row("", old, new, backward, forward)
    assert answer_of(Compatibility.BACKWARD, row, strict=True) == backward
    assert answer_of(Compatibility.FORWARD, row, strict=True) == forward


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_version_fits_itself(row: Row) -> None:
    for schema in (row.old, row.new):
        version = Version(name="1", schema=schema)
        found = {type(each.problem) for each in check(Compatibility.FULL, version, [version])}
        assert found == ({Unknown} if "'unevaluatedItems': False" in str(schema) else set())

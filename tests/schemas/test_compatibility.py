"""What a new version owes to those before it."""

from __future__ import annotations

from time import process_time
from typing import Any, cast

import pytest

from leftfold.errors import DefinitionError
from leftfold.schemas import (
    Breaking,
    Compatibility,
    InvalidSchema,
    Rule,
    Ruled,
    Unknown,
    Version,
    check,
    compare,
    property_digests,
    read_schema,
    tombstones,
)
from tests.schemas.making import Raw

C = Compatibility
S: Raw = {"type": "string"}
I: Raw = {"type": "integer"}  # noqa: E741


def version(name: str, required: str = "", *, break_: str | None = None, **properties: object) -> Version:
    schema = {"type": "object", "properties": properties, "required": required.split()}
    return Version(name=name, schema=schema, semantic_break=break_)


@pytest.mark.parametrize("mode", C)
def test_a_first_version_owes_nothing(mode: C) -> None:
    assert check(mode, version("1", "a", a=S), []) == ()


@pytest.mark.parametrize(
    ("mode", "directions"),
    [
        (C.NONE, set[str]()),
        (C.BACKWARD, {"backward"}),
        (C.BACKWARD_TRANSITIVE, {"backward"}),
        (C.FORWARD, {"forward"}),
        (C.FORWARD_TRANSITIVE, {"forward"}),
        (C.FULL, {"backward", "forward"}),
        (C.FULL_TRANSITIVE, {"backward", "forward"}),
    ],
)
def test_a_mode_looks_the_ways_it_promises(mode: C, directions: set[str]) -> None:
    old, new = version("1", "a", a=S), version("2", "b", b=I)
    found = check(mode, new, [old])
    assert {finding.direction for finding in found} == directions
    assert {(finding.old, finding.new) for finding in found} <= {("1", "2")}
    rules = {
        "backward": Rule.REQUIRED_PROPERTY_ADDED,
        "forward": Rule.REQUIRED_PROPERTY_REMOVED,
    }
    for finding in found:
        assert isinstance(finding.problem, Breaking)
        assert finding.problem.rule == rules[finding.direction]


@pytest.mark.parametrize("mode", [C.BACKWARD, C.FORWARD, C.FULL])
def test_a_third_version_may_break_with_the_first_though_each_fits_the_one_before_it(mode: C) -> None:
    first, second, third = version("1", a=I), version("2"), version("3", a=S)
    transitive = C(f"{mode.value}-transitive")
    last_only = [each for each in check(mode, third, [first, second]) if isinstance(each.problem, Breaking)]
    every = [each for each in check(transitive, third, [first, second]) if isinstance(each.problem, Breaking)]
    assert last_only == []
    assert {each.old for each in every} == {"1"}


def test_all_breaks_are_found_the_last_version_first() -> None:
    olds = [version("1", "a b", a=S, b=S), version("2", "a b c", a=S, b=S, c=S)]
    found = check(C.FORWARD_TRANSITIVE, version("3", "a", a=S), olds)
    told = [(each.old, each.problem.path) for each in found]
    assert told == [("2", "/b"), ("2", "/c"), ("1", "/b")]


def test_a_finding_says_where_what_and_what_next() -> None:
    (finding,) = check(C.BACKWARD, version("2", "a", a=S), [version("1")])
    assert str(finding) == (
        "2 against 1, backward, at /a: required-property-added. A reader of 2 refuses {}. Undo it, or make it a new "
        "message"
    )
    (finding,) = check(C.FORWARD, version("2"), [version("1", "a", a=S)])
    assert "A reader of 1 refuses {}" in str(finding)
    (finding,) = check(C.BACKWARD, version("2", a={"nonsense": 1}), [version("1")])
    assert isinstance(finding.problem, Unknown)
    assert "cannot be decided because of 'nonsense'" in str(finding)


def test_a_declared_break_breaks_whatever_the_schemas_say() -> None:
    same = version("1", a=I)
    (finding,) = check(C.BACKWARD, version("2", a=I, break_="cents, not euros"), [same])
    assert finding.problem == Ruled(
        rule=Rule.SEMANTIC_BREAK, path="", reason="version 2 was declared to mean something else: cents, not euros"
    )
    assert finding.direction == "both"
    assert "cents, not euros" in str(finding)


def test_a_declared_break_in_between_is_between_all_that_lie_on_its_sides() -> None:
    olds = [version("1", a=I), version("2", a=I, break_="cents"), version("3", a=I)]
    assert {each.old for each in check(C.FULL_TRANSITIVE, version("4", a=I), olds)} == {"1"}
    assert check(C.FULL, version("4", a=I), olds) == ()
    assert check(C.NONE, version("2", a=I, break_="cents"), olds[:1]) == ()


@pytest.mark.parametrize("mode", C)
def test_a_removed_name_with_another_type_breaks_always(mode: C) -> None:
    olds = [version("1", a=S), version("2")]
    found = check(mode, version("3", a=I), olds)
    ruled = [each for each in found if isinstance(each.problem, Ruled)]
    assert [(each.problem.path, each.old) for each in ruled] == [("/a", "1")]
    assert check(mode, version("3", a=S), olds) == ()
    assert [each.problem.path for each in check(mode, version("3", a=I), [], tombstones(olds))] == ["/a"]


def test_a_name_that_was_taken_again_is_told_once() -> None:
    olds = [version("1", a=S), version("2"), version("3", a=I)]
    assert check(C.FORWARD, version("4", a=I), olds) == ()
    assert check(C.NONE, version("4", a={"type": "number"}), olds) != ()


def test_tombstones_hold_the_last_type_of_what_is_gone_also_deep_inside() -> None:
    line = {"type": "object", "properties": {"sku": S, "n": I}}
    first = version("1", lines={"type": "array", "items": {"$ref": "#/$defs/Line"}}, note=S, kept=S)
    first = Version(
        name="1", schema={**dict(first.schema if isinstance(first.schema, dict) else {}), "$defs": {"Line": line}}
    )
    second = version("2", lines={"type": "array", "items": {"type": "object", "properties": {"sku": S}}}, kept=S)
    gone = tombstones([first, second])
    assert set(gone) == {"/lines/*/n", "/note"}
    assert gone["/lines/*/n"] == property_digests({"properties": {"x": I}})["/x"]
    assert tombstones([second, first], gone) == {}
    assert tombstones([second], {"/old": "sha256:1"}) == {"/old": "sha256:1"}


def test_a_digest_is_of_the_type_and_not_of_words_names_or_order() -> None:
    def digest(schema: Raw, **defs: Raw) -> str:
        return property_digests({"properties": {"x": schema}, "$defs": defs})["/x"]

    assert digest({"type": ["string", "null"], "title": "a"}) == digest({"type": ["null", "string"], "default": None})
    assert digest({"$ref": "#/$defs/One"}, One=S) == digest({"$ref": "#/$defs/Other"}, Other=S) == digest(S)
    assert digest(S) != digest(I)
    assert digest({"enum": ["title"]}) != digest({"enum": ["default"]})
    loop: Raw = {"type": "object", "properties": {"next": {"$ref": "#/$defs/L"}}}
    assert digest({"$ref": "#/$defs/L"}, L=loop) != digest({"type": "object", "properties": {"next": S}})


def test_a_malformed_schema_is_an_error_not_a_finding() -> None:
    broken = Version(name="2", schema={"type": "object", "properties": {"a": {"type": 5}}})
    for olds, new in (([version("1")], broken), ([broken], version("3"))):
        with pytest.raises(InvalidSchema, match="properties/a/type"):
            check(C.FULL, new, olds)


def test_alternatives_that_cut_what_is_written_into_very_many_cases_are_done_with_soon() -> None:
    some: Raw = {"type": "object", "properties": {"b": {"type": "object"}, "d": S, "e": I}, "required": ["a"]}
    named: Raw = {"patternProperties": {"a$": S, "^[a-c]+$": {"type": "object"}}}
    writer, reader = Version(name="1", schema={}), Version(name="2", schema={"oneOf": [some, S, named]})
    before = process_time()
    found = check(C.BACKWARD, reader, [writer])
    assert any(isinstance(each.problem, Breaking) for each in found)
    assert process_time() - before < 0.8  # it has been more than twice that, and is a few hundredths


def test_a_promise_is_one_of_those_that_there_are() -> None:
    for wrong in (None, "full", "whatever"):
        with pytest.raises(DefinitionError, match=r"is no Compatibility; give one, as in Compatibility\.FULL"):
            check(cast("Any", wrong), version("a"), [version("b")])


def test_what_is_compared_was_read_first() -> None:
    for wrong in (None, True, {"type": "string"}):
        with pytest.raises(DefinitionError, match=r"is no Schema; read it first: read_schema\("):
            compare(cast("Any", wrong), read_schema(S))
        with pytest.raises(DefinitionError, match=r"is no Schema; read it first: read_schema\("):
            compare(read_schema(S), cast("Any", wrong))

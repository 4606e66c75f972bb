"""Schemas about themselves: a break deep inside is not hidden by taking the rest to fit."""

from __future__ import annotations

import pytest

from leftfold.schemas import Breaking, Compatible, Rule, compare, problems, read_schema, reader_form, writer_form
from tests.schemas.judging import is_valid
from tests.schemas.making import Raw

NULL: Raw = {"type": "null"}


def ref(name: str) -> Raw:
    return {"$ref": f"#/$defs/{name}"}


def chain(**defs: Raw) -> Raw:
    return {**ref("A"), "$defs": defs}


def node(required: str = "", **properties: Raw) -> Raw:
    return {"type": "object", "properties": properties, "required": required.split()}


def breaks(writer: Raw, reader: Raw) -> Breaking:
    closed, opened = writer_form(writer), reader_form(reader)
    found = compare(read_schema(closed), read_schema(opened))
    assert isinstance(found, Breaking), found
    assert is_valid(closed, found.witness)
    assert not is_valid(opened, found.witness)
    return found


A_AND_B = chain(A=node("v", v={"type": "integer"}, b=ref("B")), B=node("a", a=ref("A")))


def test_a_schema_about_itself_fits_itself() -> None:
    assert compare(read_schema(writer_form(A_AND_B)), read_schema(reader_form(A_AND_B))) == Compatible()


def test_a_break_after_the_way_back_is_found() -> None:
    narrower = chain(A=node("v", v={"type": "integer", "minimum": 0}, b=ref("B")), B=node("a", a=ref("A")))
    assert breaks(A_AND_B, narrower).rule is Rule.MINIMUM_RAISED


def test_a_break_behind_an_alternative_that_leads_back_is_found() -> None:
    # While A is compared with A, B fits B because A is taken to fit; then v breaks A, and so B.
    writer = chain(A=node("b v", b={"anyOf": [ref("B"), NULL]}, v={"type": "integer"}), B=node("a", a=ref("A")))
    reader = chain(A=node("b v", b={"anyOf": [ref("B"), NULL]}, v={"type": "string"}), B=node("a", a=ref("A")))
    found = {each.path for each in problems(read_schema(writer_form(writer)), read_schema(reader_form(reader)))}
    assert "/v" in found
    assert breaks(writer, reader).rule is Rule.TYPE_CHANGED


def test_what_was_taken_to_fit_for_a_while_does_not_stay_so() -> None:
    # Comparing x, B.a is found to fit while A.b is taken to; then m breaks A.b, which the other alternative of x makes
    # good. What was found of B.a must not serve y, where nothing makes it good.
    writer: Raw = {
        **node(x=node(p=ref("A")), y=ref("B")),
        "$defs": {"A": node(b=ref("B")), "B": node(a=ref("A"), m={"type": "integer"})},
    }
    reader: Raw = {
        **node(x={"anyOf": [node(p=ref("A")), {}]}, y=ref("Core")),
        "$defs": {
            "A": node(b=ref("B")),
            "Core": node(a=ref("A")),
            "B": {"allOf": [ref("Core"), node(m={"type": "string"})]},
        },
    }
    assert breaks(writer, reader).path == "/y/a/b/m"
    found = problems(read_schema(writer_form(writer)), read_schema(reader_form(reader)))
    assert {each.path for each in found} == {"/y/a/b/m"}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_break_at_some_depth_has_a_witness_of_that_depth(depth: int) -> None:
    def nested(leaf: str) -> Raw:
        names = [f"N{index}" for index in range(depth)]
        defs = {name: node("next", next=ref(after)) for name, after in zip(names, [*names[1:], "Leaf"], strict=True)}
        return {**ref("N0"), "$defs": {**defs, "Leaf": {"type": leaf}}}

    found = breaks(nested("string"), nested("boolean"))
    assert found.path == "/next" * depth


def test_a_type_without_end_has_no_document_and_so_fits_anything() -> None:
    endless = chain(A=node("a", a=ref("A")))
    found = compare(read_schema(writer_form(endless)), read_schema({"type": "null"}))
    assert not isinstance(found, Breaking)

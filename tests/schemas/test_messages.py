"""Versions of real message classes, as msgspec describes them."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple, TypeAlias, cast

import msgspec
import pytest
from msgspec import Meta, Struct

from leftfold.schemas import Breaking, Compatibility, Document, Finding, Rule, Version, check
from tests.schemas.judging import is_valid

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Channel(enum.Enum):
    WEB = "web"
    SHOP = "shop"


class Channels(enum.Enum):
    WEB = "web"
    SHOP = "shop"
    PHONE = "phone"


class Card(Struct, tag="card"):
    number: str


class Cash(Struct, tag="cash"):
    given: Decimal


class Cheque(Struct, tag="cheque"):
    bank: str


class Line(Struct):
    sku: str
    count: Annotated[int, Meta(ge=1)]


class LooseLine(Struct):
    sku: str
    count: int
    note: str = ""


class Tree(Struct):
    name: str
    parts: list[Tree] = []


class HeavyTree(Struct):
    name: str
    weight: int
    parts: list[HeavyTree] = []


class Pair(NamedTuple):
    name: str
    old: Mapping[str, object]
    new: Mapping[str, object]
    backward: Rule | None
    forward: Rule | None


R = Rule
PAIRS = [
    Pair("nothing", {"a": int}, {"a": int}, None, None),
    Pair("required field added", {"a": int}, {"a": int, "b": str}, R.REQUIRED_PROPERTY_ADDED, None),
    Pair("field with default added", {"a": int}, {"a": int, "b": (str, "")}, None, None),
    Pair("required field removed", {"a": int, "b": str}, {"a": int}, None, R.REQUIRED_PROPERTY_REMOVED),
    Pair("optional field removed", {"a": int, "b": (str, "")}, {"a": int}, None, None),
    Pair("default taken away", {"a": (int, 0)}, {"a": int}, R.PROPERTY_MADE_REQUIRED, None),
    Pair("renamed", {"a": Decimal}, {"b": Decimal}, R.REQUIRED_PROPERTY_ADDED, R.REQUIRED_PROPERTY_REMOVED),
    Pair("int to float", {"a": int}, {"a": float}, None, R.TYPE_WIDENED),
    Pair("made nullable", {"a": str}, {"a": str | None}, None, R.TYPE_WIDENED),
    Pair("str to Decimal", {"a": str}, {"a": Decimal}, R.FORMAT_ADDED, None),
    Pair("Decimal to int", {"a": Decimal}, {"a": int}, R.TYPE_CHANGED, R.TYPE_CHANGED),
    Pair("datetime to date", {"a": datetime}, {"a": date}, R.FORMAT_ADDED, None),
    Pair("naive to aware", {"a": datetime}, {"a": Instant}, R.FORMAT_ADDED, None),
    Pair("enum value added", {"a": Channel}, {"a": Channels}, None, R.ENUM_VALUE_ADDED),
    Pair("literal added", {"a": Literal["x"]}, {"a": Literal["x", "y"]}, None, R.ENUM_VALUE_ADDED),
    Pair("union arm added", {"a": Card | Cash}, {"a": Card | Cash | Cheque}, None, R.UNION_ARM_ADDED),
    Pair("nested loosened", {"a": Line}, {"a": LooseLine}, None, R.MINIMUM_LOWERED),
    Pair("in lists", {"a": list[Line]}, {"a": list[LooseLine]}, None, R.MINIMUM_LOWERED),
    Pair("in dicts", {"a": dict[str, Line]}, {"a": dict[str, LooseLine]}, None, R.MINIMUM_LOWERED),
    Pair("in itself", {"a": Tree}, {"a": HeavyTree}, R.REQUIRED_PROPERTY_ADDED, None),
    Pair("list to set", {"a": list[int]}, {"a": set[int]}, R.UNIQUE_ITEMS_ADDED, None),
    Pair("tuple grown", {"a": tuple[int]}, {"a": tuple[int, int]}, R.MIN_ITEMS_RAISED, R.MAX_ITEMS_RAISED),
    Pair("uuid to str", {"a": uuid.UUID}, {"a": str}, None, R.FORMAT_REMOVED),
    Pair("map of other keys", {"a": dict[str, int]}, {"a": dict[str, float]}, None, R.TYPE_WIDENED),
]


def schema_of(fields: Mapping[str, object]) -> Document:
    """What msgspec says of a class with these fields: a type, or a type and its default."""
    parts: list[tuple[str, type] | tuple[str, type, object]] = []
    for name, said in fields.items():
        if isinstance(said, tuple):
            parts.append((name, *cast("tuple[type, object]", said)))
        else:
            parts.append((name, cast("type", said)))
    cls = msgspec.defstruct("Message", parts, kw_only=True)
    (schema,), components = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    return {**schema, "$defs": components}


def versions(pair: Pair) -> tuple[Version, Version]:
    return Version(name="1", schema=schema_of(pair.old)), Version(name="2", schema=schema_of(pair.new))


def named(pair: Pair) -> str:
    return pair.name


def first_break(mode: Compatibility, pair: Pair) -> Finding | None:
    old, new = versions(pair)
    found = check(mode, new, [old])
    for finding in found:
        assert isinstance(finding.problem, Breaking)
        writer, reader = (old, new) if finding.direction == "backward" else (new, old)
        assert is_valid(writer.writer.document, finding.problem.witness)
        assert not is_valid(reader.reader.document, finding.problem.witness)
    return found[0] if found else None


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_two_versions_of_a_class_fit_or_break_as_expected(pair: Pair) -> None:
    for mode, rule in ((Compatibility.BACKWARD, pair.backward), (Compatibility.FORWARD, pair.forward)):
        found = first_break(mode, pair)
        assert (found and found.problem.rule if found and isinstance(found.problem, Breaking) else None) == rule


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_a_class_fits_itself(pair: Pair) -> None:
    for version in versions(pair):
        assert check(Compatibility.FULL_TRANSITIVE, version, [version, version]) == ()


def test_a_renaming_is_told_as_one() -> None:
    pair = next(each for each in PAIRS if each.name == "renamed")
    for mode in (Compatibility.BACKWARD, Compatibility.FORWARD):
        found = first_break(mode, pair)
        assert found
        assert isinstance(found.problem, Breaking)
        assert (found.problem.path, found.problem.renamed) in {("/b", "a"), ("/a", "b")}
        assert "looks like a renaming" in str(found)


def test_no_renaming_is_told_of_another_type_or_of_several() -> None:
    for old in ({"a": int}, {"a": str, "c": str}):
        found = first_break(Compatibility.BACKWARD, Pair("", old, {"b": str}, None, None))
        assert found
        assert isinstance(found.problem, Breaking)
        assert found.problem.renamed is None


def test_the_witness_of_a_class_without_a_field_cannot_be_read_as_a_class_with_it() -> None:
    found = first_break(Compatibility.BACKWARD, Pair("", {"a": Decimal}, {"a": Decimal, "b": Line}, None, None))
    assert found
    assert isinstance(found.problem, Breaking)
    new = msgspec.defstruct("Message", [("a", Decimal), ("b", Line)])
    with pytest.raises(msgspec.ValidationError, match="missing required field `b`"):
        msgspec.json.decode(msgspec.json.encode(found.problem.witness), type=new)


def test_what_a_reader_fills_in_need_not_be_written() -> None:
    old, new = versions(Pair("", {"a": int}, {"a": int, "b": str}, None, None))
    filling = Version(name="2", schema=new.schema, fills=frozenset({"b"}))
    assert check(Compatibility.BACKWARD, filling, [old]) == ()
    assert check(Compatibility.BACKWARD, new, [old]) != ()
    assert check(Compatibility.FULL, Version(name="2", schema=new.schema, fills=frozenset({"a"})), [old]) != ()

"""The rows of the table of changes that two schemas alone do not decide: what a reader fills in or refuses, what was
declared, and what a name has meant before. The others are in `test_rules.py`; what views read, and versions that are
past their sunset, are with the languages.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import pytest

from leftfold.schemas import Compatibility, Rule, Version, check
from tests.schemas.making import Raw
from tests.schemas.test_rules import FREE, I, S, fields

FILLS: Final = frozenset({"b"})
SHUT: Final[Raw] = {**fields(), "additionalProperties": False}
SEALED: Final[Raw] = {**fields(), "unevaluatedProperties": False}
R = Rule
CLOSED, OPENED = [R.PROPERTIES_CLOSED], [R.PROPERTIES_OPENED]


class Row(NamedTuple):
    change: str
    old: Version
    new: Version
    backward: list[Rule]
    forward: list[Rule]


def old(schema: Raw, *, fills: frozenset[str] = frozenset(), strict: bool = False) -> Version:
    return Version(name="1", schema=schema, fills=fills, strict=strict)


def new(schema: Raw, *, fills: frozenset[str] = frozenset(), strict: bool = False, meaning: str = "") -> Version:
    return Version(name="2", schema=schema, fills=fills, strict=strict, semantic_break=meaning or None)


NOTHING, A, B = fields(), fields("a", a=S), fields("b", b=S)
ROWS: Final = [
    Row("required added", old(NOTHING), new(B), [R.REQUIRED_PROPERTY_ADDED], []),
    Row("required added, which readers fill in", old(NOTHING), new(B, fills=FILLS), [], []),
    Row("required removed", old(B), new(NOTHING), [], [R.REQUIRED_PROPERTY_REMOVED]),
    Row("required removed, which readers have filled in", old(B, fills=FILLS), new(NOTHING), [], []),
    Row("renamed", old(A), new(B), [R.REQUIRED_PROPERTY_ADDED], [R.REQUIRED_PROPERTY_REMOVED]),
    Row("renamed, from what is filled in", old(B, fills=FILLS), new(A), [R.REQUIRED_PROPERTY_ADDED], []),
    Row("renamed, to what is filled in", old(A), new(B, fills=FILLS), [], [R.REQUIRED_PROPERTY_REMOVED]),
    Row("optional added", old(SHUT), new(fields(a=S)), [], []),
    Row("optional added, which readers refuse", old(SHUT, strict=True), new(fields(a=S)), [], OPENED),
    Row("optional removed", old(fields(a=S)), new(SHUT), [], []),
    Row("optional removed, which readers refuse", old(fields(a=S)), new(SHUT, strict=True), CLOSED, []),
    Row("all that is not evaluated refused", old(FREE), new(SEALED), [], []),
    Row("all that is not evaluated refused, by strict readers", old(FREE), new(SEALED, strict=True), CLOSED, []),
    Row("all that is not evaluated taken", old(SEALED), new(FREE), [], []),
    Row("all that is not evaluated taken, but by strict readers", old(SEALED, strict=True), new(FREE), [], OPENED),
    Row("map closed", old(FREE), new({**FREE, "additionalProperties": False}), [], []),
    Row("same", old(A), new(A), [], []),
    Row("another meaning", old(A), new(A, meaning="net of tax"), [R.SEMANTIC_BREAK], [R.SEMANTIC_BREAK]),
]


def found(mode: Compatibility, row: Row) -> list[Rule]:
    problems = [each.problem for each in check(mode, row.new, [row.old])]
    return [getattr(problem, "rule", None) or pytest.fail(str(problem)) for problem in problems]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.change)
def test_each_change_has_its_answer_each_way(row: Row) -> None:
    assert found(Compatibility.BACKWARD, row) == row.backward
    assert found(Compatibility.FORWARD, row) == row.forward


@pytest.mark.parametrize("mode", Compatibility)
@pytest.mark.parametrize(("was", "now"), [(S, I), (I, S)])
def test_the_name_of_what_was_removed_stays_with_its_type(mode: Compatibility, was: Raw, now: Raw) -> None:
    olds = [Version(name="1", schema=fields(a=was)), Version(name="2", schema=fields())]
    back, other = (Version(name="3", schema=fields(a=schema)) for schema in (was, now))
    assert check(mode, back, olds) == ()
    assert R.REMOVED_NAME_REUSED in [getattr(each.problem, "rule", None) for each in check(mode, other, olds)]
    assert R.REMOVED_NAME_REUSED not in [getattr(each.problem, "rule", None) for each in check(mode, other, [olds[1]])]

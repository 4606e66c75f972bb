"""Which rule names it that a reader refuses a value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from leftfold.schemas.accepting import accepts
from leftfold.schemas.cells import Cell, kinds_of
from leftfold.schemas.formats import fits
from leftfold.schemas.node import Node, Texts
from leftfold.schemas.numbers import Numbers, exact
from leftfold.schemas.patterns import matches
from leftfold.schemas.rules import Rule

__all__ = ["type_rule", "value_rule"]


def type_rule(cell: Cell, reader: Node) -> Rule:
    """The rule of a kind of value that *reader* refuses altogether."""
    return Rule.TYPE_NARROWED if kinds_of(reader) & cell.beside else Rule.TYPE_CHANGED


def value_rule(cell: Cell, value: object, reader: Node) -> Rule:
    """The rule of one of the few values of *cell*, which *reader* refuses."""
    parts = list(_parts(reader))
    if not kinds_of(reader) & cell.kind:
        return type_rule(cell, reader)
    if any(accepts(Node(kinds=part.kinds, whole=part.whole), value) is False for part in parts):
        return type_rule(cell, reader)
    wanted = [part.values for part in parts if part.values is not None]
    if wanted:
        given = [node.values for node in cell.nodes if node.values is not None]
        if not given:
            return Rule.ENUM_ADDED
        return Rule.CONST_CHANGED if len(wanted[0]) == len(given[0]) == 1 else Rule.ENUM_VALUE_REMOVED
    return next((rule for part in parts for rule in _limits(part, value)), Rule.UNION_ARM_REMOVED)


def _parts(reader: Node) -> Iterator[Node]:
    """*reader* and all that must hold with it."""
    yield reader
    if reader.link is not None:
        yield from _parts(reader.link.target)
    for part in reader.choice.every if reader.choice is not None else ():
        yield from _parts(part)


def _limits(part: Node, value: object) -> Iterator[Rule]:
    if part.numbers is not None and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        yield from _number_limits(part.numbers, value)
    if part.texts is not None and isinstance(value, str):
        yield from _text_limits(part.texts, value)
    if part.choice is not None and part.choice.never is not None and accepts(part.choice.never, value):
        yield Rule.NOT_WIDENED
    if part.choice is not None and part.choice.one is not None:
        fitting = sum(accepts(arm, value) is True for arm in part.choice.one)
        if fitting > 1:
            yield Rule.UNION_MADE_AMBIGUOUS


def _number_limits(numbers: Numbers, value: float | Decimal) -> Iterator[Rule]:
    number = exact(value)
    if not Numbers(low=numbers.low, low_open=numbers.low_open).holds(number):
        yield Rule.MINIMUM_RAISED
    if not Numbers(high=numbers.high, high_open=numbers.high_open).holds(number):
        yield Rule.MAXIMUM_LOWERED
    if not Numbers(step=numbers.step).holds(number):
        yield Rule.MULTIPLE_NARROWED


def _text_limits(texts: Texts, value: str) -> Iterator[Rule]:
    if len(value) < texts.shortest:
        yield Rule.MIN_LENGTH_RAISED
    if texts.longest is not None and len(value) > texts.longest:
        yield Rule.MAX_LENGTH_LOWERED
    if texts.pattern is not None and matches(texts.pattern, value) is not True:
        yield Rule.PATTERN_ADDED
    if texts.format is not None and fits(texts.format, value) is not True:
        yield Rule.FORMAT_ADDED

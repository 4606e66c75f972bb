"""Numbers and strings: a writer's within a reader's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leftfold.schemas.cells import Cell, number_set
from leftfold.schemas.inclusion import Doubt, Inclusion, Problem
from leftfold.schemas.node import Node, Texts
from leftfold.schemas.numbers import Number, Numbers, as_json, meet
from leftfold.schemas.rules import Rule
from leftfold.schemas.sampling import known_lengths, strings

__all__ = ["numbers_within", "texts_within"]

_INTEGERS: Final = 1


def numbers_within(cell: Cell, reader: Node, engine: Inclusion) -> Iterator[Problem]:
    """What keeps the numbers of *cell* from being numbers that *reader* takes. Nothing is left undecided here."""
    writer = number_set(cell.nodes)

    def found(rule: Rule, numbers: Iterator[Number]) -> Iterator[Problem]:
        first = next(numbers, None)
        if first is not None:
            yield engine.proof(cell, reader, rule, map(as_json, (first, *numbers)))

    if reader.whole:
        yield from found(Rule.TYPE_NARROWED, writer.outside(_INTEGERS))
    wanted = reader.numbers
    if wanted is None:
        return
    if wanted.low is not None:
        below = Numbers(high=wanted.low, high_open=not wanted.low_open)
        yield from found(Rule.MINIMUM_RAISED, meet((writer, below)).some())
    if wanted.high is not None:
        above = Numbers(low=wanted.high, low_open=not wanted.high_open)
        yield from found(Rule.MAXIMUM_LOWERED, meet((writer, above)).some())
    if wanted.step is not None:
        yield from found(Rule.MULTIPLE_NARROWED, writer.outside(wanted.step))


def texts_within(cell: Cell, reader: Node, engine: Inclusion) -> Iterator[Problem]:
    """What keeps the strings of *cell* from being strings that *reader* takes."""
    wanted = reader.texts
    if wanted is None:
        return
    given = [node.texts for node in cell.nodes if node.texts is not None]
    yield from _lengths(cell, reader, wanted, engine)
    if wanted.pattern is not None and all(texts.pattern != wanted.pattern for texts in given):
        if any(texts.pattern is not None for texts in given):
            yield Doubt(keyword="pattern")
        else:
            yield engine.proof(cell, reader, Rule.PATTERN_ADDED, strings(cell.nodes))
    if wanted.format is not None and all(texts.format != wanted.format for texts in given):
        had = any(texts.format is not None for texts in given)
        rule = Rule.FORMAT_CHANGED if had else Rule.FORMAT_ADDED
        yield engine.proof(cell, reader, rule, strings(cell.nodes))
    encoding, media = wanted.content
    if encoding is not None and all(texts.content[0] != encoding for texts in given):
        yield Doubt(keyword="contentEncoding")
    if media is not None and all(texts.content[1] != media for texts in given):
        yield Doubt(keyword="contentMediaType")


def _lengths(cell: Cell, reader: Node, wanted: Texts, engine: Inclusion) -> Iterator[Problem]:
    shortest, longest = known_lengths(cell.nodes)
    if longest is not None and longest < shortest:
        return
    if shortest < wanted.shortest:
        end = wanted.shortest - 1 if longest is None else min(wanted.shortest - 1, longest)
        yield engine.proof(cell, reader, Rule.MIN_LENGTH_RAISED, _of_length(cell, shortest, end))
    if wanted.longest is not None and (longest is None or longest > wanted.longest):
        start = max(shortest, wanted.longest + 1)
        yield engine.proof(cell, reader, Rule.MAX_LENGTH_LOWERED, _of_length(cell, start, longest))


def _of_length(cell: Cell, shortest: int, longest: int | None) -> Iterator[str]:
    limits = Node(texts=Texts(shortest=shortest, longest=longest))
    return strings((*cell.nodes, limits))

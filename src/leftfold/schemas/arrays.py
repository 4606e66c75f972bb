"""Arrays: a writer's within a reader's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from leftfold.schemas.cells import Cell
from leftfold.schemas.inclusion import Break, Doubt, Inclusion, Problem
from leftfold.schemas.node import Items, Node, Term
from leftfold.schemas.rules import Rule
from leftfold.schemas.views import ArrayView

__all__ = ["arrays_within"]


def arrays_within(cell: Cell, reader: Node, engine: Inclusion) -> Iterator[Problem]:
    """What keeps the arrays of *cell* from being arrays that *reader* takes."""
    wanted = reader.items
    if wanted is None:
        return
    view = ArrayView(cell.nodes)
    yield from _counts(cell, reader, wanted, view, engine)
    yield from _each(cell, reader, wanted, view, engine)
    if wanted.unique and not view.unique and (view.most is None or view.most > 1):
        twice = (
            array
            for count in (max(view.least, 2), max(view.least, view.prefix + 2))
            for array in _with_equal_items(cell, view, count, engine)
        )
        yield engine.proof(cell, reader, Rule.UNIQUE_ITEMS_ADDED, twice)
    if wanted.contains is not None:
        yield from _contains(cell, reader, wanted, view, engine)


def _counts(cell: Cell, reader: Node, wanted: Items, view: ArrayView, engine: Inclusion) -> Iterator[Problem]:
    if view.least < wanted.least:
        fewer = (array for count in range(view.least, wanted.least) for array in engine.sampler.arrays(cell, count))
        yield engine.proof(cell, reader, Rule.MIN_ITEMS_RAISED, fewer)
    if wanted.most is not None and (view.most is None or view.most > wanted.most):
        more = engine.sampler.arrays(cell, max(view.least, wanted.most + 1))
        yield engine.proof(cell, reader, Rule.MAX_ITEMS_LOWERED, more)


def _each(cell: Cell, reader: Node, wanted: Items, view: ArrayView, engine: Inclusion) -> Iterator[Problem]:
    last = max(view.prefix, len(wanted.prefix))
    for index in range(last + 1):
        if view.most is not None and index >= view.most:
            return
        node = wanted.prefix[index] if index < len(wanted.prefix) else wanted.rest
        if node is None:
            return
        if not node.kinds:
            longer = engine.sampler.arrays(cell, max(view.least, index + 1))
            yield engine.proof(cell, reader, Rule.TUPLE_SHORTENED, longer)
            return
        step = "*" if index == last and not wanted.prefix and not view.prefix else str(index)
        for problem in engine.below(view.at(index), node):
            yield _wrapped(problem, cell, reader, (index, step), engine)


def _wrapped(problem: Problem, cell: Cell, reader: Node, place: tuple[int, str], engine: Inclusion) -> Problem:
    index, step = place
    path = (step, *problem.path)
    if isinstance(problem, Doubt):
        return Doubt(keyword=problem.keyword, path=path)
    view = ArrayView(cell.nodes)
    counts = dict.fromkeys((max(view.least, index + 1), max(view.least, index + 2), max(view.least, index + 3)))
    arrays = (array for count in counts for array in engine.sampler.arrays(cell, count, {index: problem.witness}))
    found = engine.proof(cell, reader, problem.rule, arrays)
    if isinstance(found, Doubt):
        return Doubt(keyword=found.keyword, path=path)
    return Break(rule=problem.rule, path=path, witness=found.witness, renamed=problem.renamed)


def _with_equal_items(cell: Cell, view: ArrayView, count: int, engine: Inclusion) -> Iterator[list[object]]:
    """Arrays of *count* items, two of them equal."""
    for place in range(count - 1):
        both: Term = tuple(dict.fromkeys((*view.at(place), *view.at(place + 1))))
        for value in engine.sampler.of_term(both):
            yield from engine.sampler.arrays(cell, count, {place: value, place + 1: value})
            break


def _contains(cell: Cell, reader: Node, wanted: Items, view: ArrayView, engine: Inclusion) -> Iterator[Problem]:
    inner = wanted.contains
    assert inner is not None  # noqa: S101 - the caller has looked
    enough, few = _contained(view, wanted, inner, engine)
    if enough and few:
        return
    rule = Rule.CONTAINS_NARROWED
    counts = dict.fromkeys((view.least, view.least + 1, view.least + 2, (wanted.utmost or 0) + 1))
    arrays = (array for count in counts for array in engine.sampler.arrays(cell, count))
    found = chain(arrays, _all_that_fit(cell, wanted, view, engine), _none_that_fits(cell, inner, view, engine))
    yield engine.proof(cell, reader, rule, found)


def _contained(view: ArrayView, wanted: Items, inner: Node, engine: Inclusion) -> tuple[bool, bool]:
    """Whether it is certain that an array contains as many as it must, and no more than it may."""
    enough, few = wanted.fewest == 0, wanted.utmost is None
    for part in view.parts:
        if part.contains is not None:
            enough = enough or (part.fewest >= wanted.fewest and engine.fits_below((part.contains,), inner))
            if wanted.utmost is not None and part.utmost is not None and part.utmost <= wanted.utmost:
                few = few or engine.fits_below((inner,), part.contains)
    if not enough and view.least >= wanted.fewest:
        enough = all(engine.fits_below(view.at(index), inner) for index in range(min(view.least, view.prefix + 1)))
    few = few or (wanted.utmost is not None and view.most is not None and view.most <= wanted.utmost)
    return enough, few


def _all_that_fit(cell: Cell, wanted: Items, view: ArrayView, engine: Inclusion) -> Iterator[list[object]]:
    if wanted.contains is None or wanted.utmost is None:
        return
    count = max(view.least, wanted.utmost + 1)
    given: dict[int, object] = {}
    for index in range(count):
        value = next(engine.sampler.of_term((*view.at(index), wanted.contains)), None)
        if value is not None:
            given[index] = value
    yield from engine.sampler.arrays(cell, count, given)


def _none_that_fits(cell: Cell, inner: Node, view: ArrayView, engine: Inclusion) -> Iterator[list[object]]:
    """Arrays of items that the writer has to have, and of which none is what *inner* says."""
    for part in view.parts:
        if part.contains is not None:
            count = max(view.least, part.fewest)
            for problem in engine.below((*view.at(0), part.contains), inner):
                if isinstance(problem, Break):
                    yield from engine.sampler.arrays(cell, count, dict.fromkeys(range(count), problem.witness))

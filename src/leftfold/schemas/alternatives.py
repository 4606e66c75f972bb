"""Alternatives, exclusions and conditions of a reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from typing import Final

from leftfold.schemas.cells import Cell, kinds_of
from leftfold.schemas.hollow import is_hollow
from leftfold.schemas.inclusion import Break, Doubt, Inclusion, Problem
from leftfold.schemas.node import Choice, Node
from leftfold.schemas.refusals import type_rule
from leftfold.schemas.rules import Rule
from leftfold.schemas.splitting import split

__all__ = ["choices_within"]

_DEEPEST: Final = 4
_MOST_DOUBTS: Final = 4


def choices_within(cell: Cell, reader: Node, choice: Choice, engine: Inclusion) -> Iterator[Problem]:
    """What keeps the values of *cell* from what the alternatives of *reader* take."""
    for part in choice.every:
        yield from engine.cell(cell, part)
    if choice.some is not None:
        yield from _some(cell, reader, choice.some, engine)
    if choice.one is not None:
        yield from _one(cell, reader, choice.one, engine)
    if choice.never is not None and not engine.apart(cell, choice.never):
        both = engine.sampler.of_term((*cell.nodes, choice.never))
        yield engine.proof(cell, reader, Rule.NOT_WIDENED, both)
    if choice.condition is not None:
        yield from _condition(cell, reader, choice.condition, engine)


def _some(cell: Cell, reader: Node, arms: Sequence[Node], engine: Inclusion, depth: int = 0) -> Iterator[Problem]:
    if any(engine.cell_fits(cell, arm) for arm in arms if kinds_of(arm) & cell.kind):
        return
    near = _near(cell, arms, engine)
    found = [problem for arm in near for problem in engine.cell(cell, arm)]
    pieces = split(cell, near) if len(near) > 1 and depth < _DEEPEST else []
    if len(near) == 1:
        yield from (_held(problem, cell, reader, engine) for problem in found)
    elif len(pieces) > 1:
        found_in = (_some(piece, reader, near, engine, depth + 1) for piece in pieces if not is_hollow(piece))
        yield from _of_pieces(found_in, depth)
    else:
        yield _refused_by_all(cell, reader, found, engine)


def _one(cell: Cell, reader: Node, arms: Sequence[Node], engine: Inclusion, depth: int = 0) -> Iterator[Problem]:
    near = _near(cell, arms, engine)
    if len(near) == 1:
        yield from (_held(problem, cell, reader, engine) for problem in engine.cell(cell, near[0]))
        return
    pieces = split(cell, near) if near and depth < _DEEPEST else []
    if len(pieces) > 1:
        found_in = (_one(piece, reader, near, engine, depth + 1) for piece in pieces if not is_hollow(piece))
        yield from _of_pieces(found_in, depth)
        return
    problems = [engine.cell(cell, arm) for arm in near]
    if all(problems):
        yield _refused_by_all(cell, reader, [each for found in problems for each in found], engine)
        return
    twice = (engine.sampler.of_term((*cell.nodes, one, other)) for one, other in combinations(near, 2))
    found = engine.proof(cell, reader, Rule.UNION_MADE_AMBIGUOUS, chain.from_iterable(twice))
    yield found if isinstance(found, Break) else Doubt(keyword="oneOf")


def _of_pieces(found_in: Iterable[Iterator[Problem]], depth: int) -> Iterator[Problem]:
    """The problems of pieces; of pieces of pieces, no more once one breaks or a few are in doubt."""
    doubts = 0
    for found in found_in:
        broken = False
        for problem in found:
            broken = broken or isinstance(problem, Break)
            yield problem
            doubts += not broken
        if depth and (broken or doubts > _MOST_DOUBTS):
            return


def _near(cell: Cell, arms: Sequence[Node], engine: Inclusion) -> list[Node]:
    """The alternatives that some value of *cell* may be of."""
    alike = [arm for arm in arms if kinds_of(arm) & cell.kind]
    return alike if len(alike) == 1 else [arm for arm in alike if not engine.apart(cell, arm)]


def _held(problem: Problem, cell: Cell, reader: Node, engine: Inclusion) -> Problem:
    """*problem* of a part of *reader*, if its witness holds for all of it."""
    if isinstance(problem, Doubt):
        return problem
    found = engine.proof(cell, reader, problem.rule, [problem.witness])
    return problem if isinstance(found, Break) else Doubt(keyword=found.keyword, path=problem.path)


def _refused_by_all(cell: Cell, reader: Node, problems: Iterable[Problem], engine: Inclusion) -> Problem:
    witnesses = [problem.witness for problem in problems if isinstance(problem, Break)]
    rule = Rule.UNION_ARM_REMOVED if kinds_of(reader) & cell.kind else type_rule(cell, reader)
    return engine.proof(cell, reader, rule, chain(witnesses, engine.sampler.of_cell(cell)))


def _condition(
    cell: Cell, reader: Node, condition: tuple[Node, Node | None, Node | None], engine: Inclusion
) -> Iterator[Problem]:
    asked, then, other = condition
    given = (*cell.nodes, *map(engine.negation, cell.nots))
    for answer, node in ((asked, then), (engine.negation(asked), other)):
        if node is not None:
            for problem in engine.term((*given, answer), node):
                yield _held(problem, cell, reader, engine)

"""A term taken apart: the cases a value of it can be, each of one kind and without alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from leftfold.schemas.accepting import accepts
from leftfold.schemas.node import ANYTHING, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Kinds, Node, Term
from leftfold.schemas.numbers import Numbers, meet
from leftfold.schemas.values import kind_of

__all__ = ["Cell", "TooManyCases", "cells_of", "kinds_of", "lengths", "number_set"]

_MOST: Final = 512
_ENDLESS: Final = (NUMBER, STRING, ARRAY, OBJECT)


class TooManyCases(Exception):
    """Alternatives within alternatives come to more cases than are looked at."""


class Cell(Struct, frozen=True, eq=False):
    """One case.

    Every value of the term is in one of its cells; a cell may hold values that are not of the term.

    Args:
        kind: of all its values.
        nodes: what all its values fulfil.
        nots: what none of its values fulfils.
        values: its values, if they are only these; None for any.
        beside: the kinds of all cells of the term.
    """

    kind: Kinds
    nodes: Term
    nots: Term
    values: tuple[object, ...] | None
    beside: Kinds


def cells_of(term: Term) -> list[Cell]:
    """The cells of *term*: those with few values first.

    Raises:
        TooManyCases: there are more than can be looked at.
    """
    arms = _product(_arms(node) for node in term) if len(term) != 1 else _arms(term[0])
    found = [cell for nodes, nots in arms for cell in _of_kinds(nodes, nots)]
    if len(found) > 1:
        beside = 0
        for cell in found:
            beside |= cell.kind
        found = [Cell(cell.kind, cell.nodes, cell.nots, cell.values, beside) for cell in found]
        found.sort(key=lambda cell: (cell.values is None, cell.kind))
    return found


def kinds_of(node: Node) -> Kinds:
    """The kinds of value that *node* may accept."""
    kinds = node.kinds
    if node.values is not None:
        kinds &= _kinds(map(kind_of, node.values))
    if node.link is not None:
        kinds &= kinds_of(node.link.target)
    if node.choice is not None:
        for part in node.choice.every:
            kinds &= kinds_of(part)
        for parts in (node.choice.some, node.choice.one):
            kinds &= ANYTHING if parts is None else _kinds(map(kinds_of, parts))
    return kinds


def number_set(nodes: Iterable[Node]) -> Numbers:
    """The numbers that *nodes* leave."""
    parts = list(nodes)
    return meet((node.numbers for node in parts if node.numbers is not None), whole=any(node.whole for node in parts))


def lengths(nodes: Iterable[Node], known: Iterable[tuple[int, int | None]] = ()) -> tuple[int, int | None]:
    """The fewest and the most characters that *nodes* leave, and what else is *known* of them; None for no end."""
    shortest, longest = 0, None
    for least, most in (*known, *((node.texts.shortest, node.texts.longest) for node in nodes if node.texts)):
        shortest = max(shortest, least)
        longest = most if longest is None else longest if most is None else min(longest, most)
    return shortest, longest


def _kinds(each: Iterable[Kinds]) -> Kinds:
    found = 0
    for kinds in each:
        found |= kinds
    return found


def _of_kinds(nodes: Term, nots: Term) -> list[Cell]:
    kinds = ANYTHING
    only: tuple[object, ...] | None = None
    for node in nodes:
        kinds &= node.kinds
        if only is None or node.values is None:
            only = only if node.values is None else node.values
        else:
            only = tuple(each for each in only if accepts(node, each) is not False)
    if only is not None:
        return [
            Cell(kind, nodes, nots, values, kinds)
            for kind in (NULL, BOOLEAN, *_ENDLESS)
            if kinds & kind and (values := tuple(each for each in only if kind_of(each) == kind))
        ]
    found = [Cell(NULL, nodes, nots, (None,), kinds)] if kinds & NULL else []
    if kinds & BOOLEAN:
        found.append(Cell(BOOLEAN, nodes, nots, (False, True), kinds))
    return found + [Cell(kind, nodes, nots, None, kinds) for kind in _ENDLESS if kinds & kind]


_Arms = list[tuple[Term, Term]]


def _arms(node: Node) -> _Arms:
    if node.bare is None:
        return [((node,), ())]
    sealed = node.fields is not None and node.fields.sealed
    found: _Arms = [((node,) if sealed else () if node.bare.says_nothing else (node.bare,), ())]
    if node.link is not None:
        found = _product((found, _arms(node.link.target)))
    choice = node.choice
    if choice is None:
        return found
    parts = [found, *(_arms(part) for part in choice.every)]
    if choice.never is not None:
        parts.append([((), (choice.never,))])
    if choice.some is not None:
        parts.append([arm for part in choice.some for arm in _arms(part)])
    if choice.one is not None:
        parts.append(_exclusive(choice.one))
    if choice.condition is not None:
        asked, then, other = choice.condition
        met = _product((_arms(asked), _arms(then) if then is not None else [((), ())]))
        unmet = _arms(other) if other is not None else [((), ())]
        parts.append(met + [(nodes, (*nots, asked)) for nodes, nots in unmet])
    return _product(parts) if len(parts) > 1 else found


def _exclusive(one: Sequence[Node]) -> _Arms:
    return [
        (nodes, (*nots, *(other for other in one if other is not part))) for part in one for nodes, nots in _arms(part)
    ]


def _product(parts: Iterable[_Arms]) -> _Arms:
    found: _Arms = [((), ())]
    for part in parts:
        if len(found) * len(part) > _MOST:
            raise TooManyCases
        if len(part) == 1 and len(found) == 1:
            found = [(found[0][0] + part[0][0], found[0][1] + part[0][1])]
        else:
            found = [(nodes + more, nots + less) for nodes, nots in found for more, less in part]
    return [(tuple(dict.fromkeys(nodes)), tuple(dict.fromkeys(nots))) for nodes, nots in found]

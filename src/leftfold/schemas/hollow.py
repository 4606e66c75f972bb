"""Cells that have no value."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from leftfold.schemas.accepting import accepts
from leftfold.schemas.cells import Cell, TooManyCases, cells_of, number_set
from leftfold.schemas.node import ANYTHING, ARRAY, NUMBER, STRING, Kinds, Node, Term
from leftfold.schemas.sampling import known_lengths, object_view
from leftfold.schemas.views import ArrayView

__all__ = ["is_hollow"]

_DEEPEST: Final = 4


def is_hollow(cell: Cell, depth: int = 0) -> bool:
    """Whether it is certain that *cell* has no value."""
    if cell.values is not None:
        return all(
            any(accepts(node, value) is False for node in cell.nodes) or any(accepts(node, value) for node in cell.nots)
            for value in cell.values
        )
    if any(_covers(node, cell.kind) for node in cell.nots):
        return True
    if cell.kind == NUMBER:
        return number_set(cell.nodes).empty
    if cell.kind == STRING:
        shortest, longest = known_lengths(cell.nodes)
        return longest is not None and longest < shortest
    if depth > _DEEPEST:
        return False
    if cell.kind == ARRAY:
        view = ArrayView(cell.nodes)
        must = range(min(view.least, view.prefix + 1))
        return (
            (view.most is not None and view.most < view.least)
            or any(_empty(view.at(at), depth) for at in must)
            or any(_cannot_contain(view, part.contains, depth) for part in view.parts if part.contains and part.fewest)
        )
    fields = object_view(cell.nodes)
    return (fields.most is not None and fields.most < fields.least) or any(
        not fields.may_have(name) or _empty(fields.term(name), depth) for name in fields.required
    )


def _cannot_contain(view: ArrayView, wanted: Node, depth: int) -> bool:
    """Whether it is certain that no item is what some item must be."""
    places = range(view.prefix + 1 if view.most is None else min(view.most, view.prefix + 1))
    return all(_empty((*view.at(at), wanted), depth) for at in places)


def _covers(node: Node, kind: Kinds) -> bool:
    """Whether *node* accepts every value of *kind*, as far as is seen at once."""
    return bool(node.kinds & kind) and replace(node, kinds=ANYTHING).says_nothing and not node.whole


def _empty(term: Term, depth: int) -> bool:
    try:
        return all(is_hollow(cell, depth + 1) for cell in cells_of(term))
    except TooManyCases:
        return False

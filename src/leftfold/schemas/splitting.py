"""A cell in pieces, along the lines that alternatives draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from leftfold.schemas.cells import Cell, TooManyCases, cells_of, number_set
from leftfold.schemas.node import NOTHING, NUMBER, OBJECT, STRING, Fields, Kinds, Node, Term, Texts
from leftfold.schemas.numbers import Number, Numbers
from leftfold.schemas.sampling import known_lengths, object_view
from leftfold.schemas.views import ObjectView

__all__ = ["split"]

_MOST: Final = 64


def split(cell: Cell, arms: Sequence[Node]) -> list[Cell]:
    """Cells that together hold what *cell* holds; just one when the *arms* draw no line through it that is seen."""
    try:
        nodes = [node for arm in arms for each in cells_of((arm,)) if each.kind == cell.kind for node in each.nodes]
    except TooManyCases:
        return [cell]
    if cell.kind == NUMBER:
        cuts: Iterable[Node] = _intervals(nodes)
    elif cell.kind == STRING:
        cuts = _spans(cell, nodes)
    elif cell.kind == OBJECT:
        cuts = _cases(object_view(cell.nodes), [node.fields for node in nodes if node.fields is not None])
    else:
        return [cell]
    pieces = [replace(cell, nodes=(*cell.nodes, cut)) for cut in cuts]
    if cell.kind == NUMBER:
        pieces = [piece for piece in pieces if not number_set(piece.nodes).empty]
    return pieces if 1 < len(pieces) <= _MOST else [cell]


def _intervals(nodes: Iterable[Node]) -> Iterator[Node]:
    bounds = {
        bound
        for node in nodes
        if node.numbers is not None
        for bound in (node.numbers.low, node.numbers.high)
        if bound is not None
    }
    if not bounds:
        return
    points: list[Number] = sorted(bounds)
    yield Node(numbers=Numbers(high=points[0], high_open=True))
    yield Node(numbers=Numbers(low=points[-1], low_open=True))
    for point in points:
        yield Node(numbers=Numbers(low=point, high=point))
    for low, high in pairwise(points):
        yield Node(numbers=Numbers(low=low, low_open=True, high=high, high_open=True))


def _spans(cell: Cell, nodes: Iterable[Node]) -> Iterator[Node]:
    shortest, longest = known_lengths(cell.nodes)
    texts = [node.texts for node in nodes if node.texts is not None]
    starts = {text.shortest for text in texts} | {text.longest + 1 for text in texts if text.longest is not None}
    inner = sorted(start for start in starts if shortest < start and (longest is None or start <= longest))
    for start, end in pairwise((shortest, *inner)):
        yield Node(texts=Texts(shortest=start, longest=end - 1))
    yield Node(texts=Texts(shortest=(shortest, *inner)[-1]))


def _cases(view: ObjectView, wanted: Sequence[Fields]) -> Iterator[Node]:
    """By a property that the alternatives speak of: the values it may have, its kinds, whether it is there."""
    spoken = dict.fromkeys(name for fields in wanted for name in (*fields.properties, *sorted(fields.required)))
    for name in spoken:
        if view.may_have(name) and len(cuts := _kinds(view.term(name))) > 1:
            yield from (_with(name, cut) for cut in cuts)
            return
    for name in spoken:
        if view.may_have(name) and name not in view.required:
            yield _there(name)
            yield _with(name, NOTHING)
            return


def _kinds(term: Term) -> list[Node]:
    try:
        cells = cells_of(term)
    except TooManyCases:
        return []
    if all(cell.values is not None for cell in cells):
        values = [value for cell in cells for value in cell.values or ()]
        return [_of_value(value) if isinstance(value, str | int | None) else Node(values=(value,)) for value in values]
    return [_of_kind(kind) for kind in dict.fromkeys(cell.kind for cell in cells)]


# Always the same nodes, so that a pair which was compared before is known again.
@lru_cache(maxsize=1024)
def _with(name: str, node: Node) -> Node:
    return Node(fields=Fields(properties={name: node}))


@lru_cache(maxsize=1024)
def _there(name: str) -> Node:
    return Node(fields=Fields(required=frozenset({name})))


@lru_cache(maxsize=1024, typed=True)
def _of_value(value: str | int | None) -> Node:
    return Node(values=(value,))


@lru_cache
def _of_kind(kind: Kinds) -> Node:
    return Node(kinds=kind)

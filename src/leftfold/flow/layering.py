"""Where the nodes of a drawing go: in layers from left to right, so that most edges lead on.

Source: Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system structures"; here
with edges against the direction left as they are, and two neighbours averaged instead of an exact order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

__all__ = ["Place", "Plan", "Size", "plan"]

_Pair: TypeAlias = tuple[str, str]

_SWEEPS: Final = 6
_BETWEEN_LAYERS: Final = 70.0
_BETWEEN_NODES: Final = 22.0
_BEND: Final = 4.0
"""How much room an edge takes that passes a layer."""


class Size(Struct, frozen=True):
    """Of a node."""

    width: float
    height: float


class Place(Struct, frozen=True):
    """Where the middle of a node is, and its size."""

    x: float
    y: float
    size: Size


class Plan(Struct, frozen=True):
    """A drawing's plan.

    Args:
        places: of nodes, by id.
        bends: points that an edge passes on its way, by its ends.
    """

    places: Mapping[str, Place]
    bends: Mapping[_Pair, Sequence[tuple[float, float]]]
    size: Size


def plan(sizes: Mapping[str, Size], edges: Sequence[_Pair]) -> Plan:
    """Place nodes of *sizes* so that most of *edges* lead from left to right."""
    forward = _forward(list(sizes), edges)
    layers = _layers(list(sizes), forward)
    columns, links, routes = _columns(layers, forward)
    before, after = _neighbours(links, backward=True), _neighbours(links, backward=False)
    for sweep in range(_SWEEPS):
        _sweep(columns, before if sweep % 2 == 0 else after, from_left=sweep % 2 == 0)
    ys = _heights(columns, before, sizes)
    xs = _across(columns, sizes)
    places = {id: Place(xs[layers[id]], ys[id], size) for id, size in sizes.items()}
    bends = {edge: [(xs[layer], ys[id]) for layer, id in route] for edge, route in routes.items()}
    width = max((place.x + place.size.width / 2 for place in places.values()), default=0.0)
    height = max((ys[id] + _size(id, sizes).height / 2 for column in columns for id in column), default=0.0)
    return Plan(places, bends, Size(width, height))


def _forward(nodes: Sequence[str], edges: Sequence[_Pair]) -> list[_Pair]:
    """The edges without those that close a circle; seen from where nothing leads to."""
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        following[source].append(target)
    led_to = {target for _, target in edges}
    state: dict[str, int] = {}
    closing: set[_Pair] = set()
    for start in (*(node for node in nodes if node not in led_to), *nodes):
        _walk(start, following, state, closing)
    return [edge for edge in edges if edge not in closing and edge[0] != edge[1]]


def _walk(start: str, following: Mapping[str, Sequence[str]], state: dict[str, int], closing: set[_Pair]) -> None:
    if start in state:
        return
    state[start] = 1  # 1 while it is on the way, 2 when everything behind it was seen
    way = [(start, iter(following[start]))]
    while way:
        at, rest = way[-1]
        target = next(rest, None)
        if target is None:
            state[at] = 2
            way.pop()
        elif target not in state:
            state[target] = 1
            way.append((target, iter(following[target])))
        elif state[target] == 1:
            closing.add((at, target))


def _layers(nodes: Sequence[str], edges: Sequence[_Pair]) -> dict[str, int]:
    """A layer for each node, behind every one that leads to it."""
    left = dict.fromkeys(nodes, 0)
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        following[source].append(target)
        left[target] += 1
    layers = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not left[node]]
    for node in ready:
        for target in following[node]:
            layers[target] = max(layers[target], layers[node] + 1)
            left[target] -= 1
            if not left[target]:
                ready.append(target)
    return layers


def _columns(
    layers: Mapping[str, int], edges: Sequence[_Pair]
) -> tuple[list[list[str]], list[_Pair], dict[_Pair, list[tuple[int, str]]]]:
    """Layers with what stands in them, a bend where an edge passes one; the links between neighbouring layers."""
    columns: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node, layer in layers.items():
        columns[layer].append(node)
    links: list[_Pair] = []
    routes: dict[_Pair, list[tuple[int, str]]] = {}
    for source, target in edges:
        at = source
        for layer in range(layers[source] + 1, layers[target]):
            bend = f"\0{source}\0{target}\0{layer}"
            columns[layer].append(bend)
            routes.setdefault((source, target), []).append((layer, bend))
            links.append((at, bend))
            at = bend
        links.append((at, target))
    return columns, links, routes


def _neighbours(links: Iterable[_Pair], *, backward: bool) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, target in links:
        one, other = (target, source) if backward else (source, target)
        found.setdefault(one, []).append(other)
    return found


def _sweep(columns: list[list[str]], neighbours: Mapping[str, Sequence[str]], *, from_left: bool) -> None:
    """Order each layer by where its neighbours in the layer before stand."""
    indices = range(1, len(columns)) if from_left else range(len(columns) - 2, -1, -1)
    for index in indices:
        beside = columns[index - 1 if from_left else index + 1]
        rank = {node: place for place, node in enumerate(beside)}
        own = {node: place for place, node in enumerate(columns[index])}

        def middle(node: str, rank: Mapping[str, int] = rank, own: Mapping[str, int] = own) -> float:
            places = [rank[other] for other in neighbours.get(node, ()) if other in rank]
            return sum(places) / len(places) if places else float(own[node])

        columns[index].sort(key=middle)


def _heights(
    columns: Sequence[Sequence[str]], before: Mapping[str, Sequence[str]], sizes: Mapping[str, Size]
) -> dict[str, float]:
    """How far down each stands: beside what leads to it, as far as those above leave room."""
    ys: dict[str, float] = {}
    for column in columns:
        edge = 0.0
        for node in column:
            half = _size(node, sizes).height / 2
            leading = [ys[other] for other in before.get(node, ()) if other in ys]
            wanted = sum(leading) / len(leading) if leading else 0.0
            ys[node] = max(edge + half, wanted)
            edge = ys[node] + half + _BETWEEN_NODES
    return ys


def _across(columns: Sequence[Sequence[str]], sizes: Mapping[str, Size]) -> list[float]:
    """How far to the right the middle of each layer is."""
    xs: list[float] = []
    edge = 0.0
    for column in columns:
        width = max((_size(node, sizes).width for node in column), default=0.0)
        xs.append(edge + width / 2)
        edge += width + _BETWEEN_LAYERS
    return xs


def _size(node: str, sizes: Mapping[str, Size]) -> Size:
    return sizes.get(node) or Size(_BEND, _BEND)

"""A flow as a drawing of its own: SVG text, which any browser shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from leftfold.flow.drawing import HEIGHT, Points, box, curve, frame, label, size_of
from leftfold.flow.graph import Edge, Flow, Node, NodeKind
from leftfold.flow.layering import Place, Plan, plan

__all__ = ["svg_text"]

_BELOW: Final = 24.0
_LANE: Final = 14.0
"""Between two edges that lead back."""
_ROUND: Final[Mapping[NodeKind, int]] = {"event": 12, "integration": 22, "command": 2, "aggregate": 2}
_STYLE: Final = """
svg { font: 13px system-ui, sans-serif; background: #fff; }
text { fill: #222; text-anchor: middle; }
.about { font-size: 10px; fill: #555; }
.count { font-size: 11px; fill: #444; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
rect { stroke-width: 1.3; }
.event rect { fill: #ffb870; stroke: #b36b1e; } .integration rect { fill: #ffd9b0; stroke: #b36b1e; }
.command rect { fill: #a6cdf5; stroke: #2f6ea8; } .aggregate rect { fill: #fff0a3; stroke: #a89432; }
.reaction rect, .process rect, .saga rect { fill: #d9c2f0; stroke: #7a52a3; }
.step rect { fill: #ece1f7; stroke: #7a52a3; }
path { fill: none; stroke: #777; stroke-width: 1.3; }
path.unseen { stroke: #aaa; stroke-dasharray: 4 4; } path.undeclared { stroke: #c62828; stroke-width: 2.2; }
marker path { fill: #777; stroke: none; }
"""


def svg_text(flow: Flow) -> str:
    """*flow* drawn from left to right: events orange, commands blue, aggregates yellow, what coordinates lilac.

    Dashed is what was never seen, red what nobody declared; numbers are events.
    """
    several = len({node.context for node in flow.nodes}) > 1
    drawn = plan(
        {node.id: size_of(node.name, _about(node, several=several)) for node in flow.nodes},
        [(edge.source, edge.target) for edge in flow.edges],
    )
    return "\n".join(_lines(flow, drawn, several=several)) + "\n"


def _lines(flow: Flow, drawn: Plan, *, several: bool) -> Iterator[str]:
    back = [edge for edge in flow.edges if drawn.places[edge.target].x <= drawn.places[edge.source].x]
    lanes = {(edge.source, edge.target): _BELOW + _LANE * number for number, edge in enumerate(back)}
    yield frame(drawn, max(lanes.values(), default=0.0), f"flow of {len(flow.nodes)} nodes", _STYLE)
    for edge in flow.edges:
        yield from _edge(edge, _points(edge, drawn, lanes.get((edge.source, edge.target))))
    for node in flow.nodes:
        yield _box(node, drawn.places[node.id], several=several)
    yield "</svg>"


def _edge(edge: Edge, points: Points) -> Iterator[str]:
    title = f"{edge.mark}, {edge.count} event{'' if edge.count == 1 else 's'}" if edge.count else edge.mark
    yield (
        f'<path class="{edge.mark}" d="{_curve(points)}" marker-end="url(#arrow)"><title>{escape(title)}</title></path>'
    )
    if edge.count:
        yield label(points, "count", f"{edge.count:,}")


def _points(edge: Edge, drawn: Plan, lane: float | None) -> Points:
    source, target = drawn.places[edge.source], drawn.places[edge.target]
    start, end = source.x + source.size.width / 2, target.x - target.size.width / 2
    if lane is None:
        return [(start, source.y), *drawn.bends.get((edge.source, edge.target), ()), (end, target.y)]
    passed = (place for place in drawn.places.values() if target.x <= place.x <= source.x)
    under = max(place.y + place.size.height / 2 for place in passed) + lane
    return [(start, source.y), (start, under), (end, under), (end, target.y)]


def _curve(points: Points) -> str:
    if points[-1][0] <= points[0][0]:  # it leads back: out on the right, below what is between, and in from the left
        (x1, y1), _, (x2, under), (_, y2) = points
        right, left = x1 + HEIGHT, x2 - HEIGHT
        return (
            f"M{x1:.1f},{y1:.1f} C{right:.1f},{y1:.1f} {right:.1f},{under:.1f} {x1:.1f},{under:.1f} "
            f"L{x2:.1f},{under:.1f} C{left:.1f},{under:.1f} {left:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        )
    return curve(points)


def _box(node: Node, place: Place, *, several: bool) -> str:
    texts = node.name, _about(node, several=several)
    title = f"{node.kind} {node.name}" + (f", {node.place}" if node.place else "")
    return box(place, texts, id=node.id, look=node.kind, title=title, radius=_ROUND.get(node.kind, 7))


def _about(node: Node, *, several: bool) -> str:
    return f"{node.kind} of {node.context or 'nobody here'}" if several else node.kind

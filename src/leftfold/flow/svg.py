"""A flow as a drawing of its own: SVG text, which any browser shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from leftfold.flow.graph import Edge, Flow, Node, NodeKind
from leftfold.flow.layering import Place, Plan, Size, plan

__all__ = ["svg_text"]

_MARGIN: Final = 48.0
_BELOW: Final = 24.0
_LANE: Final = 14.0
"""Between two edges that lead back."""
_CHAR: Final = 7.3
_HEIGHT: Final = 44.0
_MOST_CHARS: Final = 44
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
_ARROW: Final = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>'
)


def svg_text(flow: Flow) -> str:
    """*flow* drawn from left to right: events orange, commands blue, aggregates yellow, what coordinates lilac.

    Dashed is what was never seen, red what nobody declared; numbers are events.
    """
    several = len({node.context for node in flow.nodes}) > 1
    drawn = plan({node.id: _size(node, several=several) for node in flow.nodes}, _pairs(flow))
    return "\n".join(_lines(flow, drawn, several=several)) + "\n"


def _pairs(flow: Flow) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in flow.edges]


def _lines(flow: Flow, drawn: Plan, *, several: bool) -> Iterator[str]:
    back = [edge for edge in flow.edges if drawn.places[edge.target].x <= drawn.places[edge.source].x]
    lanes = {(edge.source, edge.target): _BELOW + _LANE * number for number, edge in enumerate(back)}
    width = drawn.size.width + 2 * _MARGIN
    height = drawn.size.height + 2 * _MARGIN + max(lanes.values(), default=0.0)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_MARGIN:g} {-_MARGIN:g} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="flow of {len(flow.nodes)} nodes">'
    )
    yield f"<style>{_STYLE}</style>"
    yield _ARROW
    for edge in flow.edges:
        yield from _edge(edge, _points(edge, drawn, lanes.get((edge.source, edge.target))))
    for node in flow.nodes:
        yield _box(node, drawn.places[node.id], several=several)
    yield "</svg>"


def _edge(edge: Edge, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    title = f"{edge.mark}, {edge.count} event{'' if edge.count == 1 else 's'}" if edge.count else edge.mark
    yield (
        f'<path class="{edge.mark}" d="{_curve(points)}" marker-end="url(#arrow)"><title>{escape(title)}</title></path>'
    )
    if edge.count:
        (x1, y1), (x2, y2) = points[len(points) // 2 - 1], points[len(points) // 2]
        yield f'<text class="count" x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 - 3:.1f}">{edge.count:,}</text>'


def _points(edge: Edge, drawn: Plan, lane: float | None) -> Sequence[tuple[float, float]]:
    source, target = drawn.places[edge.source], drawn.places[edge.target]
    start, end = source.x + source.size.width / 2, target.x - target.size.width / 2
    if lane is None:
        return [(start, source.y), *drawn.bends.get((edge.source, edge.target), ()), (end, target.y)]
    passed = (place for place in drawn.places.values() if target.x <= place.x <= source.x)
    under = max(place.y + place.size.height / 2 for place in passed) + lane
    return [(start, source.y), (start, under), (end, under), (end, target.y)]


def _curve(points: Sequence[tuple[float, float]]) -> str:
    if points[-1][0] <= points[0][0]:  # it leads back: out on the right, below what is between, and in from the left
        (x1, y1), _, (x2, under), (_, y2) = points
        right, left = x1 + _HEIGHT, x2 - _HEIGHT
        return (
            f"M{x1:.1f},{y1:.1f} C{right:.1f},{y1:.1f} {right:.1f},{under:.1f} {x1:.1f},{under:.1f} "
            f"L{x2:.1f},{under:.1f} C{left:.1f},{under:.1f} {left:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        )
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (x2 - x1) / 2
        parts.append(f"C{x1 + half:.1f},{y1:.1f} {x2 - half:.1f},{y2:.1f} {x2:.1f},{y2:.1f}")
    return " ".join(parts)


def _box(node: Node, place: Place, *, several: bool) -> str:
    width, height = place.size.width, place.size.height
    about = _about(node, several=several)
    title = f"{node.kind} {node.name}" + (f", {node.place}" if node.place else "")
    return (
        f'<g class="{node.kind}"><title>{escape(_clean(title))}</title>'
        f'<rect x="{place.x - width / 2:.1f}" y="{place.y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{_ROUND.get(node.kind, 7)}"/>'
        f'<text x="{place.x:.1f}" y="{place.y - 1:.1f}" data-id={quoteattr(_clean(node.id))}>{_shown(node.name)}</text>'
        f'<text class="about" x="{place.x:.1f}" y="{place.y + 13:.1f}">{_shown(about)}</text></g>'
    )


def _about(node: Node, *, several: bool) -> str:
    return f"{node.kind} of {node.context or 'nobody here'}" if several else node.kind


def _size(node: Node, *, several: bool) -> Size:
    name = sum(2 if east_asian_width(char) in "WF" else 1 for char in node.name[:_MOST_CHARS])
    about = len(_about(node, several=several)) * 0.8
    return Size(max(name, about) * _CHAR + 24, _HEIGHT)


def _shown(text: str) -> str:
    return escape(_clean(text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"))


def _clean(text: str) -> str:
    """XML has no place for characters that nobody could see."""
    return "".join(char if char.isprintable() else "�" for char in text)

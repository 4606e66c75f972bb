"""A map as a drawing of its own: SVG text, which any browser shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from leftfold.catalog.map_graph import MapGraph, MapLink, MapNode
from leftfold.flow.layering import Place, Plan, Size, plan

__all__ = ["svg_map"]

_MARGIN: Final = 48.0
_LANE: Final = 16.0
"""Between two lines that lead back."""
_CHAR: Final = 7.3
_HEIGHT: Final = 44.0
_MOST_CHARS: Final = 44
_TWO_WAYS: Final = ("partnership",)
_NO_WAY: Final = ("shared-kernel", "separate-ways")
_STYLE: Final = """
svg { font: 13px system-ui, sans-serif; background: #fff; }
text { fill: #222; text-anchor: middle; }
.about { font-size: 10px; fill: #555; }
.label { font-size: 10px; fill: #444; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
rect { fill: #f5f5f5; stroke: #666; stroke-width: 1.3; }
.core rect { fill: #ffe9a8; } .supporting rect { fill: #cfe3f7; } .generic rect { fill: #e6e6e6; }
.external rect { fill: #f3d9ea; } .mud rect { fill: #c9b49a; }
.unregistered rect { fill: #fff; stroke-dasharray: 4 4; }
path { fill: none; stroke: #777; stroke-width: 1.3; }
path.listens { stroke-dasharray: 4 4; } path.separate-ways { stroke: #bbb; stroke-dasharray: 1 4; }
path.shared-kernel { stroke-width: 3; } path.partnership { stroke: #2f6ea8; }
marker path { fill: #777; stroke: none; }
"""
_ARROW: Final = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path d="M0,0.5 L8,4 L0,7.5 z"/></marker></defs>'
)


def svg_map(graph: MapGraph) -> str:
    """*graph* drawn from left to right, upstream first; core yellow, supporting blue, generic grey.

    Thick is a shared kernel, blue a partnership, dashed who only listens to events, dotted separate ways; a dashed box
    is a context that nobody describes.
    """
    drawn = plan({node.name: _size(node) for node in graph.nodes}, [(one.source, one.target) for one in graph.links])
    return "\n".join(_lines(graph, drawn)) + "\n"


def _lines(graph: MapGraph, drawn: Plan) -> Iterator[str]:
    back = [link for link in graph.links if drawn.places[link.target].x <= drawn.places[link.source].x]
    width, height = drawn.size.width + 2 * _MARGIN, drawn.size.height + 2 * _MARGIN + _LANE * (len(back) + 1)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_MARGIN:g} {-_MARGIN:g} {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="map of {len(graph.nodes)} contexts">'
    )
    yield f"<style>{_STYLE}</style>"
    yield _ARROW
    lanes = {link: drawn.size.height + _LANE * number for number, link in enumerate(back, 1)}
    for link in graph.links:
        yield from _link(link, _points(link, drawn, lanes.get(link)))
    for node in graph.nodes:
        yield _box(node, drawn.places[node.name])
    yield "</svg>"


def _link(link: MapLink, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    end = "" if link.kind in _NO_WAY else ' marker-end="url(#arrow)"'
    start = ' marker-start="url(#arrow)"' if link.kind in _TWO_WAYS else ""
    title = escape(_clean(f"{link.source} to {link.target}: {link.kind} {link.label}".strip()))
    yield f'<path class="{link.kind}" d="{_curve(points)}"{start}{end}><title>{title}</title></path>'
    if link.label:
        (x1, y1), (x2, y2) = points[len(points) // 2 - 1], points[len(points) // 2]
        at = f'x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 - 3:.1f}"'
        yield f'<text class="label" {at}>{_shown(link.label)}</text>'


def _points(link: MapLink, drawn: Plan, lane: float | None) -> Sequence[tuple[float, float]]:
    source, target = drawn.places[link.source], drawn.places[link.target]
    start, end = source.x + source.size.width / 2, target.x - target.size.width / 2
    if lane is None:
        return [(start, source.y), *drawn.bends.get((link.source, link.target), ()), (end, target.y)]
    return [(start, source.y), (start + _LANE, lane), (end - _LANE, lane), (end, target.y)]


def _curve(points: Sequence[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (x2 - x1) / 2
        parts.append(f"C{x1 + half:.1f},{y1:.1f} {x2 - half:.1f},{y2:.1f} {x2:.1f},{y2:.1f}")
    return " ".join(parts)


def _box(node: MapNode, place: Place) -> str:
    width, height = place.size.width, place.size.height
    up = 1 if node.about else -4
    about = f'<text class="about" x="{place.x:.1f}" y="{place.y + 13:.1f}">{_shown(node.about)}</text>'
    return (
        f'<g class="{node.look or "plain"}"><title>{escape(_clean(f"{node.name} {node.about}".strip()))}</title>'
        f'<rect x="{place.x - width / 2:.1f}" y="{place.y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="8"/>'
        f'<text x="{place.x:.1f}" y="{place.y - up:.1f}" data-id={quoteattr(_clean(node.name))}>{_shown(node.name)}'
        f"</text>{about if node.about else ''}</g>"
    )


def _size(node: MapNode) -> Size:
    name = sum(2 if east_asian_width(char) in "WF" else 1 for char in node.name[:_MOST_CHARS])
    return Size(max(name, len(node.about[:_MOST_CHARS]) * 0.8) * _CHAR + 24, _HEIGHT)


def _shown(text: str) -> str:
    return escape(_clean(text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"))


def _clean(text: str) -> str:
    """XML has no place for characters that nobody could see."""
    return "".join(char if char.isprintable() else "�" for char in text)

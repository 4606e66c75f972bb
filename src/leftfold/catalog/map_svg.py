"""A map as a drawing of its own: SVG text, which any browser shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from leftfold.catalog.map_graph import MapGraph, MapLink, MapNode, check_graph
from leftfold.flow.drawing import MOST_CHARS, Points, box, clean, curve, frame, label, size_of
from leftfold.flow.layering import Place, Plan, plan

__all__ = ["svg_map"]

_LANE: Final = 16.0
"""Between two lines that lead back."""
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


def svg_map(graph: MapGraph) -> str:
    """*graph* drawn from left to right, upstream first; core yellow, supporting blue, generic grey.

    Thick is a shared kernel, blue a partnership, dashed who only listens to events, dotted separate ways; a dashed box
    is a context that nobody describes.
    """
    check_graph(graph)
    drawn = plan(
        {node.name: size_of(node.name, node.about[:MOST_CHARS]) for node in graph.nodes},
        [(one.source, one.target) for one in graph.links],
    )
    return "\n".join(_lines(graph, drawn)) + "\n"


def _lines(graph: MapGraph, drawn: Plan) -> Iterator[str]:
    back = [link for link in graph.links if drawn.places[link.target].x <= drawn.places[link.source].x]
    yield frame(drawn, _LANE * (len(back) + 1), f"map of {len(graph.nodes)} contexts", _STYLE)
    lanes = {link: drawn.size.height + _LANE * number for number, link in enumerate(back, 1)}
    for link in graph.links:
        yield from _link(link, _points(link, drawn, lanes.get(link)))
    for node in graph.nodes:
        yield _box(node, drawn.places[node.name])
    yield "</svg>"


def _link(link: MapLink, points: Points) -> Iterator[str]:
    end = "" if link.kind in _NO_WAY else ' marker-end="url(#arrow)"'
    start = ' marker-start="url(#arrow)"' if link.kind in _TWO_WAYS else ""
    title = escape(clean(f"{link.source} to {link.target}: {link.kind} {link.label}".strip()))
    yield f'<path class="{link.kind}" d="{curve(points)}"{start}{end}><title>{title}</title></path>'
    if link.label:
        yield label(points, "label", link.label)


def _points(link: MapLink, drawn: Plan, lane: float | None) -> Points:
    source, target = drawn.places[link.source], drawn.places[link.target]
    start, end = source.x + source.size.width / 2, target.x - target.size.width / 2
    if lane is None:
        return [(start, source.y), *drawn.bends.get((link.source, link.target), ()), (end, target.y)]
    return [(start, source.y), (start + _LANE, lane), (end - _LANE, lane), (end, target.y)]


def _box(node: MapNode, place: Place) -> str:
    title = f"{node.name} {node.about}".strip()
    return box(place, (node.name, node.about), id=node.name, look=node.look or "plain", title=title, radius=8)

"""A map as text: for Mermaid, for Graphviz, and as a table of who follows whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from leftfold.catalog.map_graph import LinkKind, MapGraph, MapNode, check_graph
from leftfold.flow.mermaid import escaped

__all__ = ["dot_map", "matrix_map", "mermaid_map"]

_FILLS: Final = {
    "core": "#ffe9a8",
    "supporting": "#cfe3f7",
    "generic": "#e6e6e6",
    "external": "#f3d9ea",
    "mud": "#c9b49a",
    "unregistered": "#ffffff",
    "": "#f5f5f5",
}
_ARROWS: Final[Mapping[LinkKind, str]] = {
    "directed": "-->",
    "listens": "-.->",
    "partnership": "<-->",
    "shared-kernel": "---",
    "separate-ways": "-.-",
}
_STYLES: Final[Mapping[LinkKind, str]] = {
    "directed": "",
    "listens": "style=dashed",
    "partnership": "dir=both",
    "shared-kernel": "dir=none, style=bold",
    "separate-ways": "dir=none, style=dotted",
}
_MARKS: Final[Mapping[LinkKind, str]] = {
    "directed": "U",
    "listens": "e",
    "partnership": "P",
    "shared-kernel": "K",
    "separate-ways": "x",
}


def mermaid_map(graph: MapGraph) -> str:
    """*graph* as a flowchart for Mermaid; dashed where one only listens to events of the other."""
    check_graph(graph)
    numbers = {node.name: f"c{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        about = f"<br/>{escaped(node.about)}" if node.about else ""
        lines.append(f'  {numbers[node.name]}["{escaped(node.name)}{about}"]:::{node.look or "plain"}')
    for link in graph.links:
        label = f'|"{escaped(link.label)}"|' if link.label else ""
        lines.append(f"  {numbers[link.source]} {_ARROWS[link.kind]}{label} {numbers[link.target]}")
    looks = sorted({node.look for node in graph.nodes})
    lines += [f"  classDef {look or 'plain'} fill:{_FILLS[look]},stroke:#666,color:#222" for look in looks]
    return "\n".join(lines) + "\n"


def dot_map(graph: MapGraph) -> str:
    """*graph* in the language of Graphviz."""
    check_graph(graph)
    lines = ["digraph contexts {", '  rankdir=LR; node [shape=box, style="rounded,filled", fontname="sans-serif"];']
    for node in graph.nodes:
        label = _quoted(f"{node.name}\n{node.about}" if node.about else node.name)
        lines.append(f"  {_quoted(node.name)} [label={label}, fillcolor={_quoted(_FILLS[node.look])}];")
    for link in graph.links:
        style = f", {_STYLES[link.kind]}" if _STYLES[link.kind] else ""
        lines.append(f"  {_quoted(link.source)} -> {_quoted(link.target)} [label={_quoted(link.label)}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def matrix_map(graph: MapGraph) -> str:
    """*graph* as a table: a row for each context, a column for each that it follows or is tied to, by number.

    `U` it follows the column as its upstream, `e` it only takes events of it, `P` partners, `K` a shared kernel, `x`
    separate ways.
    """
    check_graph(graph)
    return "\n".join(_rows(graph)) + "\n"


def _rows(graph: MapGraph) -> Iterator[str]:
    numbers = {node.name: number for number, node in enumerate(graph.nodes, 1)}
    cells: dict[tuple[str, str], str] = {}
    for link in graph.links:
        cells[link.target, link.source] = cells.get((link.target, link.source), "") + _MARKS[link.kind]
        if link.kind not in ("directed", "listens"):
            cells[link.source, link.target] = cells.get((link.source, link.target), "") + _MARKS[link.kind]
    name_width = max((len(node.name) for node in graph.nodes), default=0)
    digits = len(str(len(numbers)))
    width = max((len(cell) for cell in cells.values()), default=1)
    width = max(width, digits)
    yield f"{'':>{digits}} {'':<{name_width}} " + " ".join(f"{number:>{width}}" for number in numbers.values())
    for node in graph.nodes:
        row = " ".join(f"{_cell(node, other, cells):>{width}}" for other in graph.nodes)
        yield f"{numbers[node.name]:>{digits}} {node.name:<{name_width}} {row}".rstrip()


def _cell(row: MapNode, column: MapNode, cells: Mapping[tuple[str, str], str]) -> str:
    return cells.get((row.name, column.name), "-" if row.name == column.name else ".")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

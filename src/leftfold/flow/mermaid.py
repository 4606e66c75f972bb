"""A flow as text for Mermaid, which many viewers of Markdown draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from leftfold.flow.graph import Edge, Flow, Mark, Node, NodeKind

__all__ = ["escaped", "mermaid_text"]

_SHAPES: Final[Mapping[NodeKind, tuple[str, str]]] = {
    "event": ("(", ")"),
    "integration": ("([", "])"),
    "command": ("[", "]"),
    "aggregate": ("{{", "}}"),
    "reaction": (">", "]"),
    "process": ("[/", "/]"),
    "saga": ("[[", "]]"),
    "step": ("[", "]"),
}
_COLOURS: Final[Mapping[NodeKind, str]] = {
    "event": "fill:#ffb870,stroke:#b36b1e,color:#222",
    "integration": "fill:#ffd9b0,stroke:#b36b1e,color:#222",
    "command": "fill:#a6cdf5,stroke:#2f6ea8,color:#222",
    "aggregate": "fill:#fff0a3,stroke:#a89432,color:#222",
    "reaction": "fill:#d9c2f0,stroke:#7a52a3,color:#222",
    "process": "fill:#d9c2f0,stroke:#7a52a3,color:#222",
    "saga": "fill:#d9c2f0,stroke:#7a52a3,color:#222",
    "step": "fill:#ece1f7,stroke:#7a52a3,color:#222",
}
_ARROWS: Final[Mapping[Mark, str]] = {"declared": "-->", "seen": "-->", "unseen": "-.->", "undeclared": "==>"}
_RED: Final = "stroke:#c62828"


def mermaid_text(flow: Flow) -> str:
    """*flow* as a flowchart: a box for each context, dotted what was never seen, thick and red what nobody declared."""
    return "\n".join(_lines(flow)) + "\n"


def _lines(flow: Flow) -> Iterator[str]:
    numbers = {node.id: f"n{number}" for number, node in enumerate(flow.nodes)}
    yield "flowchart LR"
    for number, context in enumerate(dict.fromkeys(node.context for node in flow.nodes)):
        yield f'  subgraph c{number}["{escaped(context or "elsewhere")}"]'
        yield from (f"    {_box(node, numbers[node.id])}" for node in flow.nodes if node.context == context)
        yield "  end"
    yield from (f"  {_arrow(edge, numbers)}" for edge in flow.edges)
    yield from (f"  linkStyle {number} {_RED}" for number, edge in enumerate(flow.edges) if edge.mark == "undeclared")
    kinds = {node.kind for node in flow.nodes}
    yield from (f"  classDef {kind} {colours}" for kind, colours in _COLOURS.items() if kind in kinds)


def _box(node: Node, number: str) -> str:
    opening, closing = _SHAPES[node.kind]
    return f'{number}{opening}"{escaped(node.name)}"{closing}:::{node.kind}'


def _arrow(edge: Edge, numbers: Mapping[str, str]) -> str:
    count = f"|{edge.count}|" if edge.count else ""
    return f"{numbers[edge.source]} {_ARROWS[edge.mark]}{count} {numbers[edge.target]}"


def escaped(text: str) -> str:
    """Text that means nothing to Mermaid: entities for all that could."""
    return "".join(char if char.isalnum() or char in " ._/-" else f"#{ord(char)};" for char in text)

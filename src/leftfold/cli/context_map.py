"""`leftfold context map`: contexts and their relations, drawn."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from leftfold.catalog import (
    MOST_AT_ONCE,
    Catalog,
    cml_text,
    descriptors_of,
    dot_map,
    map_graph,
    matrix_map,
    mermaid_map,
    svg_map,
)
from leftfold.cli.apps import map_at
from leftfold.cli.catalogs import NO_CATALOG, Whole, asking, write_text
from leftfold.cli.errors import UsageError
from leftfold.cli.options import FileName

__all__ = ["draw"]

_LEGEND: Final = """
U  the row follows the column, its upstream    e  it only takes events of it
P  partners    K  a shared kernel    x  separate ways    .  nothing    -  itself
"""

_Form: TypeAlias = Literal["matrix", "svg", "mermaid", "dot", "cml"]


def draw(
    *,
    to: _Form = "matrix",
    focus: str | None = None,
    depth: Annotated[int, Parameter(validator=Number(gte=1, lte=2))] = 1,
    output: FileName | None = None,
    whole: Whole = NO_CATALOG,
) -> None:
    """Draw contexts and how they relate: of an app's map, or of a catalog.

    Args:
        to: A table of who follows whom and a legend; a drawing; text for Mermaid or Graphviz; a map for Context Mapper.
        focus: Only this context and those around it; a drawing of more than 60 contexts needs one.
        depth: How far around, 1 or 2 lines.
        output: The file to write; standard output when left out, or -.
    """
    known = whole.opened() if whole.catalog else _of_map(whole.app)
    with asking():
        graph = map_graph(known, focus=focus, depth=depth)
    if whole.json:
        write_text(f"{msgspec.json.encode(graph).decode()}\n", output)
        return
    if to in ("svg", "mermaid", "dot") and len(graph.nodes) > MOST_AT_ONCE:
        fewer = "give --focus NAME, or " if focus is None else "give --depth 1, or " if depth > 1 else ""
        raise UsageError(f"{len(graph.nodes):,} contexts in one drawing cannot be read; {fewer}take --to matrix")
    match to:
        case "cml":
            shown = {node.name for node in graph.nodes}
            write_text(cml_text(known if focus is None else _part(known, shown)), output)
        case "svg":
            write_text(svg_map(graph), output)
        case "mermaid":
            write_text(mermaid_map(graph), output)
        case "dot":
            write_text(dot_map(graph), output)
        case _:
            write_text(matrix_map(graph) + _LEGEND, output)


def _of_map(app: str | None) -> Catalog:
    context_map = map_at(app)
    return Catalog(descriptors_of(context_map.contexts, context_map))


def _part(known: Catalog, names: set[str]) -> Catalog:
    from msgspec.structs import replace

    return Catalog(
        replace(one, relations=tuple(edge for edge in one.relations if names.issuperset(edge.pair)), digest="")
        for one in known.descriptors
        if one.name in names
    )

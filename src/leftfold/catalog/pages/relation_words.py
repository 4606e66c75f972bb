"""How a context relates to others, in words: each relation as seen from its side."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.catalog.map_graph import MapLink
from leftfold.catalog.pages.markup import Cell, joined, tag
from leftfold.catalog.pages.site import Site
from leftfold.contexts.edges import Edge

__all__ = ["relation_rows"]

_BOTH = {"partnership": "partner", "shared-kernel": "sharing a kernel", "separate-ways": "going separate ways"}


def relation_rows(site: Site, name: str) -> Iterator[tuple[Cell, ...]]:
    """A row for each relation of a context, and for each other one without a relation that events join it to."""
    for other in sorted(site.catalog.related(name)):
        for edge in site.catalog.between(name, other):
            yield (
                Cell(site.ways[other], class_="name"),
                Cell(_side(edge, name)),
                Cell(_pattern(edge)),
                Cell(_about(edge)),
                Cell(edge.place, class_="place", code=True),
            )
    for link in site.beside.get(name, ()):
        if link.kind == "listens":
            yield _listening(site, link, name)


def _side(edge: Edge, name: str) -> str:
    if edge.kind != "directed":
        return _BOTH[edge.kind]
    return "upstream" if edge.upstream == name else "downstream"


def _pattern(edge: Edge) -> str:
    up, down = ", ".join(edge.upstream_roles), ", ".join(edge.downstream_roles)
    if edge.kind != "directed":
        return edge.kind
    return f"{up} to {down}" if up and down else up or down or "upstream to downstream"


def _about(edge: Edge) -> str:
    parts = (
        "the customer has to agree to a break" if edge.veto else None,
        joined(("translated in ", tag("code", edge.layer))) if edge.layer else None,
        joined(("shares ", tag("code", edge.kernel or edge.package))) if edge.kernel or edge.package else None,
        edge.reason or None,
    )
    return joined((part for part in parts if part), "; ")


def _listening(site: Site, link: MapLink, name: str) -> tuple[Cell, ...]:
    takes = link.target == name
    other = link.source if takes else link.target
    return (
        Cell(site.ways[other], class_="name"),
        Cell("listening" if takes else "listened to"),
        Cell("no relation declared", class_="quiet"),
        Cell(f"{'takes' if takes else 'gives'} {link.label}"),
        Cell(""),
    )

"""What a drawing of contexts shows: all of them, or those around one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct

from leftfold.catalog.catalog import Catalog, check_catalog
from leftfold.catalog.errors import UnknownSubject
from leftfold.contexts.edges import Edge, EdgeKind
from leftfold.errors import InvalidInput
from leftfold.messages.given import is_count

__all__ = ["MOST_AT_ONCE", "LinkKind", "MapGraph", "MapLink", "MapNode", "check_graph", "map_graph"]

MOST_AT_ONCE: Final = 60
"""More contexts than these are no drawing that anybody can read."""

LinkKind: TypeAlias = EdgeKind | Literal["listens"]
"""How two contexts are linked; *listens* when one takes events of the other, and no relation says so."""

_SHORT: Final = {
    "supplier": "S",
    "open-host-service": "OHS",
    "published-language": "PL",
    "customer": "C",
    "conformist": "CF",
    "anti-corruption-layer": "ACL",
}
_WORDS: Final = {"partnership": "partnership", "shared-kernel": "shared kernel", "separate-ways": "separate ways"}


class MapNode(Struct, frozen=True):
    """A context in a drawing.

    Args:
        about: its team, or what there is to say when it has none.
        look: what it looks like: its subdomain, or that it is external, a big ball of mud or unregistered.
    """

    name: str
    about: str
    look: Literal["", "core", "supporting", "generic", "external", "mud", "unregistered"]


class MapLink(Struct, frozen=True):
    """A line in a drawing, from the upstream to the downstream where there is one."""

    source: str
    target: str
    kind: LinkKind
    label: str


class MapGraph(Struct, frozen=True):
    """Contexts and the lines between them, both sorted."""

    nodes: tuple[MapNode, ...]
    links: tuple[MapLink, ...]


def map_graph(catalog: Catalog, *, focus: str | None = None, depth: int = 1) -> MapGraph:
    """What to draw of *catalog*.

    Args:
        focus: a context; all when left out.
        depth: how many lines away from *focus* others may be, from 1.

    Raises:
        UnknownSubject: there is no such context.
        InvalidInput: *catalog* is none, or *depth* is no number.
    """
    check_catalog(catalog)
    if not is_count(depth):
        raise InvalidInput(f"depth={depth!r:.80}: lines are counted from 1")
    links = tuple(sorted(_links(catalog), key=lambda one: (one.source, one.target, one.kind)))
    names: Collection[str] = {*catalog.by_name, *catalog.unregistered}
    if focus is not None:
        if not isinstance(cast("object", focus), str) or focus not in names:
            raise UnknownSubject(f"{focus!s:.80}", "no context is called so")
        names = _around(focus, depth, links)
    shown = tuple(link for link in links if link.source in names and link.target in names)
    return MapGraph(tuple(_node(catalog, name) for name in sorted(names)), shown)


def check_graph(given: object) -> None:
    """Raise `InvalidInput` unless *given* is what to draw."""
    if not isinstance(given, MapGraph):
        raise InvalidInput(f"{given!r:.80} is no MapGraph; make one, as in map_graph(catalog)")


def _around(focus: str, depth: int, links: Iterable[MapLink]) -> set[str]:
    beside: dict[str, set[str]] = {}
    for link in links:
        beside.setdefault(link.source, set()).add(link.target)
        beside.setdefault(link.target, set()).add(link.source)
    found = edge = {focus}
    while edge and depth > 0:
        depth -= 1
        edge = {other for name in edge for other in beside.get(name, ())} - found
        found = found | edge
    return found


def _links(catalog: Catalog) -> Iterator[MapLink]:
    for edge in catalog.edges:
        yield MapLink(edge.upstream, edge.downstream, edge.kind, _label(edge))
    events: dict[tuple[str, str], set[str]] = {}
    for event in catalog.consumed:
        for publisher in {context for context, _ in catalog.published(event)}:
            for taken in catalog.taken(event):
                if taken.context != publisher and not catalog.between(publisher, taken.context):
                    events.setdefault((publisher, taken.context), set()).add(event)
    for (publisher, consumer), taken_events in events.items():
        count = len(taken_events)
        yield MapLink(publisher, consumer, "listens", f"{count} event{'s' if count > 1 else ''}")


def _label(edge: Edge) -> str:
    if edge.kind != "directed":
        return f"{_WORDS[edge.kind]}{f' {edge.kernel}' if edge.kernel else ''}"
    up = " ".join(_SHORT[role] for role in edge.upstream_roles)
    down = " ".join(_SHORT[role] for role in edge.downstream_roles)
    return f"{up} / {down}" if up and down else up or down


def _node(catalog: Catalog, name: str) -> MapNode:
    one = catalog.by_name.get(name)
    if one is None:
        return MapNode(name, "not registered", "unregistered")
    look = "mud" if one.mud else "external" if one.external else one.subdomain
    return MapNode(name, one.team or (look if look in ("mud", "external") else ""), look)

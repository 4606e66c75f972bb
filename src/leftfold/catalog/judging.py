"""Whether a change hits one who takes the event, by what it reads and by how the two contexts relate."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from leftfold.catalog.catalog import Catalog, Taken
from leftfold.catalog.descriptor import Published, versions_read
from leftfold.catalog.impact import Change, Outcome
from leftfold.catalog.shapes import overlaps
from leftfold.contexts.edges import Edge

__all__ = ["Judgement", "judge", "related_by"]


class Judgement(Struct, frozen=True):
    """It is hit.

    Args:
        outcome: what becomes of it.
        edges: how it relates to who publishes.
        until: the day from which nothing that it reads is served any more; empty when none is set.
        module: where it translates.
    """

    outcome: Outcome
    edges: tuple[Edge, ...]
    until: str = ""
    module: str = ""


def related_by(catalog: Catalog, upstream: str, other: str) -> tuple[Edge, ...]:
    """The relations over which a change of *upstream* reaches *other*; none when they go separate ways."""
    edges = catalog.between(upstream, other)
    if any(edge.kind == "separate-ways" for edge in edges):
        return ()
    return tuple(edge for edge in edges if edge.kind != "directed" or edge.upstream == upstream)


def judge(catalog: Catalog, taken: Taken, change: Change, version: int, field: str, *, gone: bool) -> Judgement | str:
    """What a change of an event means for who takes it, or why it means nothing.

    Args:
        version: the one that changes; 0 for whichever is newest where older ones are promised, and for all where not.
        field: the one that changes, as a JSON pointer; empty for the whole event.
        gone: no version of the event is published any more.
    """
    consumption = taken.consumption
    published = catalog.published(consumption.event)
    publisher = next((context for context, _ in published), "")
    if change == "add":
        return "it reads what it knows; what is added does not concern it"
    if any(edge.kind == "separate-ways" for edge in catalog.between(publisher, taken.context)):
        return f"it and {publisher} go separate ways"
    if field and consumption.reads is not None and not any(overlaps(field, one) for one in consumption.reads):
        return f"it reads only {', '.join(consumption.reads) or 'that it happened'}"
    edges = related_by(catalog, publisher, taken.context)
    read = versions_read(consumption, (one for _, one in published))
    promised = any({"open-host-service", "published-language"} & set(edge.upstream_roles) for edge in edges)
    changed = _changed([one for _, one in published], version, newest_only=promised and not gone)
    hit = [one for one in read if one.version in changed]
    served = [one for one in read if one.version not in changed]
    if promised and served:
        return Judgement("deferred", edges, until=_last_day(served))
    if published and not hit:
        return f"it reads only versions {consumption.versions}"
    layers = [edge for edge in edges if "anti-corruption-layer" in edge.downstream_roles]
    if layers:
        return Judgement("absorbed", edges, module=layers[0].layer)
    return Judgement("affected", edges, until=_last_day(hit) if gone else "")


def _changed(published: list[Published], version: int, *, newest_only: bool) -> Collection[int]:
    if version:
        return {version}
    versions = {one.version for one in published}
    return {max(versions)} if newest_only and versions else versions


def _last_day(served: list[Published]) -> str:
    """The day from which none of *served* is any more; empty when one of them has no end."""
    days = [one.sunset for one in served]
    return max(days) if days and all(days) else ""

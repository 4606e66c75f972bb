"""What a file in the Context Mapper language says, before it is made into descriptors."""

from __future__ import annotations

from msgspec import Struct

from leftfold.contexts.edges import Edge

__all__ = ["AggregatePart", "ContextPart", "MapPart", "Model", "RelationPart", "SubdomainPart"]


class AggregatePart(Struct, frozen=True):
    """An aggregate: its name, who owns it, and its line."""

    name: str
    owner: str
    line: int


class ContextPart(Struct, frozen=True, kw_only=True):
    """A bounded context or a team.

    Args:
        implements: domains and subdomains.
        realizes: contexts that it, as a team, realizes.
        type: `TEAM`, `SYSTEM` and so on; empty when nobody says.
        vision: its purpose.
    """

    name: str
    line: int
    implements: tuple[str, ...] = ()
    realizes: tuple[str, ...] = ()
    type: str = ""
    vision: str = ""
    aggregates: tuple[AggregatePart, ...] = ()


class SubdomainPart(Struct, frozen=True):
    """A domain or subdomain: its name and type."""

    name: str
    type: str


class RelationPart(Struct, frozen=True):
    """A relation of the map, with the aggregates that the upstream exposes, and its line."""

    edge: Edge
    exposed: tuple[str, ...]
    line: int


class MapPart(Struct, frozen=True):
    """The map: its name, its type, the contexts on it with their lines, their relations."""

    name: str
    type: str
    contexts: tuple[tuple[str, int], ...]
    relations: tuple[RelationPart, ...]


class Model(Struct, frozen=True):
    """All of a file. Imports of other files are not followed; they are listed."""

    map: MapPart | None
    contexts: tuple[ContextPart, ...]
    subdomains: tuple[SubdomainPart, ...]
    imports: tuple[str, ...]

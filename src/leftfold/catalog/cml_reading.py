"""From a map in the Context Mapper language to descriptors."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Literal, TypeAlias

from leftfold.catalog.cml_model import ContextPart, MapPart, Model, RelationPart
from leftfold.catalog.cml_parsing import parsed
from leftfold.catalog.descriptor import Descriptor, Imported
from leftfold.catalog.errors import InvalidCatalogFile
from leftfold.contexts.findings import Finding, in_order
from leftfold.contexts.places import place_under

__all__ = ["load_cml", "read_cml"]

_Part: TypeAlias = Literal["core", "supporting", "generic"]

_PARTS: Final[dict[str, _Part]] = {
    "CORE_DOMAIN": "core",
    "SUPPORTING_DOMAIN": "supporting",
    "GENERIC_SUBDOMAIN": "generic",
}
_WEIGHT: Final[tuple[_Part, ...]] = ("core", "supporting", "generic")


def read_cml(file: Path | str) -> Imported:
    """See `load_cml`; raises `OSError` when the file cannot be read."""
    file = Path(file)
    data = file.read_bytes()
    under = place_under(str(file), str(Path.cwd()))
    try:
        return load_cml(data.decode("utf-8-sig"), file.name if Path(under).is_absolute() else under)
    except UnicodeDecodeError as error:
        raise InvalidCatalogFile(str(file), "is no UTF-8 text", line=data.count(b"\n", 0, error.start) + 1) from error


def load_cml(text: str, file: str) -> Imported:
    """The contexts on the map of *text*, a descriptor for each, and what its language forbids.

    A team that realizes a context answers for it; of several subdomains that it implements, the weightiest counts.
    What the language has beyond that is passed over.

    Args:
        text: of a file in the Context Mapper language.
        file: its name, for places and errors.

    Raises:
        InvalidCatalogFile: it is not of this language, or has no map; it names the line.
    """
    model = parsed(text, file)
    if model.map is None:
        raise InvalidCatalogFile(file, "has no ContextMap, so there is nothing to import")
    found = tuple(_descriptors(model, model.map, file))
    return Imported(found, in_order(_findings(model, model.map, file)))


def _descriptors(model: Model, context_map: MapPart, file: str) -> Iterator[Descriptor]:
    parts = {one.name: one for one in reversed(model.contexts)}
    subdomains: dict[str, _Part | None] = {one.name: _PARTS.get(one.type) for one in model.subdomains}
    teams = {name: one.name for one in model.contexts if one.type == "TEAM" for name in one.realizes}
    edges = [one.edge for one in context_map.relations]
    places = {name: f"{file}:{line}" for name, line in reversed(context_map.contexts)}
    names = sorted({*places, *(name for edge in edges for name in edge.pair)})
    for name in names:
        part = parts.get(name) or ContextPart(name=name, line=0)
        yield Descriptor(
            name=name,
            team=teams.get(name, ""),
            purpose=part.vision,
            subdomain=_weightiest({subdomains.get(one) for one in part.implements}),
            relations=tuple(edge for edge in edges if name in edge.pair),
            aggregates={one.name: one.owner for one in part.aggregates},
            place=f"{file}:{part.line}" if part.line else places.get(name, ""),
        )


def _weightiest(parts: Collection[_Part | None]) -> _Part | Literal[""]:
    for one in _WEIGHT:
        if one in parts:
            return one
    return ""


def _findings(model: Model, context_map: MapPart, file: str) -> Iterator[Finding]:
    """What the validators of the language would say. Source: Context Mapper, "Language Model", semantic rules."""
    parts = {one.name: one for one in model.contexts}
    for one in model.imports:
        text = f"{one} is not read; import it, too, and merge"
        yield Finding(rule="import-not-followed", contexts=(), message=text, subject=one, severity="note")
    seen: set[str] = set()
    for part in model.contexts:
        if part.name in seen:
            text = f"{part.name} is declared twice"
            yield _finding("duplicate-name", (part.name,), text, part.name, f"{file}:{part.line}")
        seen.add(part.name)
        yield from _context_findings(part, parts, file)
    yield from _map_findings(context_map, parts, file)
    for relation in context_map.relations:
        yield from _relation_findings(relation, context_map, parts)


def _map_findings(context_map: MapPart, parts: dict[str, ContextPart], file: str) -> Iterator[Finding]:
    for name, line in context_map.contexts:
        at = f"{file}:{line}"
        if name not in parts:
            text = f"{name} is on the map and nowhere declared; write BoundedContext {name}"
            yield _finding("undeclared-context", (name,), text, name, at)
        elif parts[name].type == "TEAM" and context_map.type != "ORGANIZATIONAL":
            text = f"{name} is a team, and the map is no ORGANIZATIONAL one; take it off, or say what the map is"
            yield _finding("team-on-landscape", (name,), text, name, at)


def _relation_findings(
    relation: RelationPart, context_map: MapPart, parts: dict[str, ContextPart]
) -> Iterator[Finding]:
    edge, on_map = relation.edge, {name for name, _ in context_map.contexts}
    for name in (one for one in edge.pair if one not in on_map):
        text = f"{name} is in a relation and not on the map; write: contains {name}"
        yield _finding("not-on-map", edge.pair, text, name, edge.place)
    upstream = parts.get(edge.upstream)
    there = {one.name for one in upstream.aggregates} if upstream is not None else set[str]()
    for name in (one for one in relation.exposed if one not in there):
        text = f"{edge.upstream} exposes the aggregate {name}, which it does not have"
        yield _finding("exposed-aggregate-unknown", edge.pair, text, name, edge.place)


def _context_findings(part: ContextPart, parts: dict[str, ContextPart], file: str) -> Iterator[Finding]:
    if part.realizes and part.type != "TEAM":
        text = f"{part.name} realizes {', '.join(part.realizes)}, and only a team can; say type = TEAM"
        yield _finding("only-teams-realize", (part.name,), text, part.name, f"{file}:{part.line}")
    for one in part.aggregates:
        if one.owner and (one.owner not in parts or parts[one.owner].type != "TEAM"):
            text = f"{one.owner} owns the aggregate {one.name}, and is no team"
            yield _finding("owner-not-team", (part.name,), text, one.name, f"{file}:{one.line}")


def _finding(rule: str, contexts: tuple[str, ...], message: str, subject: str, at: str) -> Finding:
    return Finding(rule=rule, contexts=contexts, message=message, declared_at=at, subject=subject)

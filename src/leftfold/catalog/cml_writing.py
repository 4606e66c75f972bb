"""A catalog as a map in the Context Mapper language.

The language has no word for separate ways, external contexts, mud, events and layers; they are left out, and separate
ways are written as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from leftfold.catalog.catalog import Catalog, check_catalog
from leftfold.catalog.cml_relations import DOWNSTREAM, UPSTREAM
from leftfold.catalog.descriptor import Descriptor
from leftfold.contexts.edges import Edge

__all__ = ["cml_text"]

_NO_NAME: Final = re.compile(r"\W", re.ASCII)
_WORDS: Final = frozenset(
    (
        *("Aggregate", "Application", "BoundedContext", "ContextMap", "Domain", "Module", "Partnership", "Subdomain"),
        *("UseCase", "UserStory", "Stakeholders", "ValueRegister", "domainVisionStatement", "implementationTechnology"),
        *("contains", "implements", "import", "owner", "realizes", "refines", "responsibilities", "state", "supports"),
        *("type", "knowledgeLevel", "U", "D", "S", "C", "P", "SK", "OHS", "PL", "CF", "ACL", "X", "x", "O", "o"),
    )
)
_SUBDOMAINS: Final = {
    "core": ("Core", "CORE_DOMAIN"),
    "supporting": ("Supporting", "SUPPORTING_DOMAIN"),
    "generic": ("Generic", "GENERIC_SUBDOMAIN"),
}


def cml_text(catalog: Catalog) -> str:
    """Contexts, teams, subdomains, aggregates with their owners, and relations of *catalog*.

    Names are spelt as the language can; the first of two that would be the same keeps it, others get a number.

    Raises:
        InvalidInput: *catalog* is none.
    """
    check_catalog(catalog)
    return "\n".join(_lines(catalog)) + "\n"


def _lines(catalog: Catalog) -> Iterator[str]:
    contexts = (*catalog.by_name, *catalog.unregistered)
    owners = {owner for one in catalog.descriptors for owner in one.aggregates.values() if owner}
    names = _spelt([*contexts, *sorted({*catalog.teams, *owners} - set(contexts))])
    yield "ContextMap {"
    yield from (f"  contains {names[name]}" for name in sorted(contexts))
    yield from (f"  {_relation(edge, names)}" for edge in catalog.edges)
    yield "}"
    for name in sorted(contexts):
        yield from _context(catalog.by_name.get(name) or Descriptor(name=name), names)
    for team in sorted({*catalog.teams, *owners}):
        realized = sorted(names[one.name] for one in catalog.find(team=team))
        text = f" realizes {', '.join(realized)}" if realized else ""
        yield f"BoundedContext {names[team]}{text} {{\n  type = TEAM\n}}"
    used = {one.subdomain for one in catalog.descriptors if one.subdomain}
    if used:
        parts = "\n".join(
            f"  Subdomain {name} {{\n    type = {type}\n  }}"
            for word, (name, type) in _SUBDOMAINS.items()
            if word in used
        )
        yield f"Domain Everything {{\n{parts}\n}}"


def _relation(edge: Edge, names: Mapping[str, str]) -> str:
    one, other = names[edge.upstream], names[edge.downstream]
    match edge.kind:
        case "separate-ways":
            return f"// {one} and {other} go separate ways"
        case "partnership":
            return f"{one} [P]<->[P] {other}"
        case "shared-kernel":
            return f"{one} [SK]<->[SK] {other}{f' : {_spelling(edge.kernel)}' if edge.kernel else ''}"
        case _:
            up = ",".join(("U", *(mark for mark, role in UPSTREAM.items() if role in edge.upstream_roles)))
            down = ",".join(("D", *(mark for mark, role in DOWNSTREAM.items() if role in edge.downstream_roles)))
            veto = " {\n    downstreamRights = VETO_RIGHT\n  }" if edge.veto else ""
            return f"{one} [{up}]->[{down}] {other}{veto}"


def _context(one: Descriptor, names: Mapping[str, str]) -> Iterator[str]:
    head = f"BoundedContext {names[one.name]}"
    if one.subdomain:
        head += f" implements {_SUBDOMAINS[one.subdomain][0]}"
    yield f"{head} {{"
    if one.purpose:
        yield f"  domainVisionStatement = {_quoted(one.purpose)}"
    for aggregate, owner in sorted(one.aggregates.items()):
        body = f" {{\n    owner = {names[owner]}\n  }}" if owner else ""
        yield f"  Aggregate {_spelling(aggregate)}{body}"
    yield "}"


def _spelt(names: Iterable[str]) -> dict[str, str]:
    """How each name is spelt; those that can stay as they are go first."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    every = list(dict.fromkeys(names))
    for name in sorted(every, key=lambda one: (_spelling(one).removeprefix("^") != one, one)):
        spelt, number = _spelling(name), 1
        while spelt in taken:
            number += 1
            spelt = f"{_spelling(name)}_{number}"
        taken.add(spelt)
        found[name] = spelt
    return found


def _spelling(name: str) -> str:
    plain = _NO_NAME.sub("_", name) or "_"
    plain = f"_{plain}" if plain[0].isdigit() else plain
    return f"^{plain}" if plain in _WORDS else plain


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'

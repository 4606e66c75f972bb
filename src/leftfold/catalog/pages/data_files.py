"""The data of the pages as scripts, for a page that is opened from disk may load nothing else.

Each file assigns one constant. Contexts and events are named by their number, counted from 0; nothing is an object, so
that no name can be a word of JavaScript. An item stands on a line of its own, so that two versions can be compared.
The constant is a text that is parsed: browsers read megabytes of that a third faster than the same as a script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from leftfold.borders.uses import Origin
from leftfold.catalog.catalog import Taken
from leftfold.catalog.descriptor import Handler, versions_read
from leftfold.catalog.map_graph import LinkKind
from leftfold.catalog.pages.site import PATTERNS, Site

__all__ = ["data_files"]

_Row: TypeAlias = Sequence[object]

_KINDS: Final[Sequence[LinkKind]] = ("directed", "partnership", "shared-kernel", "separate-ways", "listens")
"""Of lines and relations; the scripts know them by their number here."""

_ORIGINS: Final[Sequence[Origin]] = ("declared", "static", "observed")
"""Of evidence; likewise."""

_PATTERN: Final = {name: number for number, (name, _) in enumerate(PATTERNS)}


def data_files(site: Site) -> Mapping[str, str]:
    """The text of each data file, by its name in the folder of data."""
    events = {name: number for number, name in enumerate(sorted({*site.catalog.events, *site.catalog.consumed}))}
    labels = {label: number for number, label in enumerate(sorted({link.label for link in site.links}))}
    handlers = _Handlers(events)
    taken = [[_taken(site, one, handlers) for one in site.catalog.taken(name)] for name in events]
    return {
        "contexts.js": _script(patterns=PATTERNS, contexts=[_context(site, name) for name in site.nodes]),
        "events.js": _script(events=[_event(site, name) for name in events]),
        "links.js": _script(kinds=_KINDS, labels=list(labels), links=list(_links(site, labels))),
        "impact.js": _script(
            edges=[_edge(site, number) for number in range(len(site.catalog.edges))],
            silent=[number for name, number in site.number.items() if site.descriptor(name).silent],
            handlers=handlers.rows,
            taken=taken,
        ),
    }


def _context(site: Site, name: str) -> _Row:
    """Name, file, team, subdomain, look, purpose, domain, counts of events and of findings, patterns, its words."""
    one, node = site.descriptor(name), site.nodes[name]
    wrong = sum(finding.severity != "note" for finding in site.findings.get(name, ()))
    counts = (site.events_of(name), site.taken_by(name), wrong)
    patterns = sorted(_PATTERN[each] for each in site.patterns[name])
    files = (site.files[name], one.team, one.subdomain, node.look)
    return (name, *files, one.purpose, one.domain, *counts, patterns, sorted(one.glossary))


def _event(site: Site, name: str) -> _Row:
    """Name, versions with who publishes them, pointers of fields."""
    published = site.catalog.published(name)
    versions = [(site.number[context], one.version, one.label, one.sunset) for context, one in published]
    return name, versions, sorted({field for _, one in published for field in one.fields})


def _links(site: Site, labels: Mapping[str, int]) -> Iterator[_Row]:
    for link in site.links:
        ends = (site.number[link.source], site.number[link.target])
        yield (*ends, _KINDS.index(link.kind), labels[link.label])


def _edge(site: Site, number: int) -> _Row:
    """Kind, both ends, patterns of both, veto, layer, kernel, place."""
    edge = site.catalog.edges[number]
    up, down = ([_PATTERN[role] for role in roles] for roles in (edge.upstream_roles, edge.downstream_roles))
    ends = (site.number[edge.upstream], site.number[edge.downstream])
    return (_KINDS.index(edge.kind), *ends, up, down, int(edge.veto), edge.layer, edge.kernel, edge.place)


def _taken(site: Site, taken: Taken, handlers: _Handlers) -> _Row:
    """Context, versions in words, which published ones these are, fields, name and number of the handler, evidence.

    The last three, where it is declared, where code names the event and when it was seen, may be left out at the end.
    """
    said = taken.consumption
    published = [one for _, one in site.catalog.published(said.event)]
    places = {id(one): number for number, one in enumerate(published)}
    read = [places[id(one)] for one in versions_read(said, published)]
    handler = handlers.number(taken.context, taken.handler)
    known = [said.place, said.named, taken.last_seen]
    while known and not known[-1]:
        known.pop()
    evidence = (_ORIGINS.index(said.evidence), *known)
    return (site.number[taken.context], said.versions, read, said.reads, said.by, handler, *evidence)


class _Handlers:
    """Rows for handlers, each once: whether it is open, and what it leads to."""

    def __init__(self, events: Mapping[str, int]) -> None:
        self.rows: list[_Row] = []
        self._events = events
        self._numbers: dict[tuple[str, str], int] = {}

    def number(self, context: str, handler: Handler | None) -> int:
        """Of a handler's row; -1 when nobody says what it leads to."""
        if handler is None:
            return -1
        known = self._numbers.setdefault((context, handler.name), len(self.rows))
        if known == len(self.rows):
            emits = [
                (self._events.get(one.event, one.event), one.version or 0, _pairs(one.derived)) for one in handler.emits
            ]
            self.rows.append((int(handler.open), emits))
        return known


def _pairs(derived: Mapping[str, tuple[str, ...]] | None) -> Sequence[_Row] | None:
    return None if derived is None else [(name, derived[name]) for name in sorted(derived)]


def _script(**constants: Sequence[object]) -> str:
    return "".join(
        f"leftfold.{name} = JSON.parse(String.raw`{_raw(_lines(items))}`);\n" for name, items in constants.items()
    )


def _raw(text: str) -> str:
    """JSON without what ends a raw text of JavaScript, or begins an expression in it."""
    return text.replace("`", "\\u0060").replace("${", "\\u0024{")


def _lines(items: Iterable[object]) -> str:
    lines = ",\n".join(msgspec.json.encode(item).decode() for item in items)
    return f"[\n{lines}\n]" if lines else "[]"

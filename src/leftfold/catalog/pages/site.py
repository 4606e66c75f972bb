"""What the pages of a catalog are made from, found once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import quote

from leftfold.catalog.catalog import Catalog
from leftfold.catalog.checking import catalog_findings
from leftfold.catalog.descriptor import Descriptor
from leftfold.catalog.map_graph import MapLink, MapNode, map_graph
from leftfold.catalog.pages.file_names import file_names
from leftfold.catalog.pages.markup import Html, tag
from leftfold.contexts.findings import Finding

__all__ = ["PATTERNS", "Site", "event_anchor"]

PATTERNS: Final[Sequence[tuple[str, str]]] = (
    ("open-host-service", "OHS"),
    ("published-language", "PL"),
    ("supplier", "S"),
    ("customer", "C"),
    ("conformist", "CF"),
    ("anti-corruption-layer", "ACL"),
    ("partnership", "P"),
    ("shared-kernel", "SK"),
    ("separate-ways", "SW"),
)
"""What a context can be to another one, in words and as drawings have it: what it gives first."""


class Site:
    """A catalog, and what every page needs to know of it.

    Args:
        catalog: what there is.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        graph = map_graph(catalog)
        self.nodes: Mapping[str, MapNode] = {node.name: node for node in graph.nodes}
        """Every context, those that nobody describes too, in the order of names."""
        self.links: Sequence[MapLink] = graph.links
        self.number: Mapping[str, int] = {name: number for number, name in enumerate(self.nodes)}
        """Of each context, as the data of the pages has it, counted from 0."""
        self.files: Mapping[str, str] = {name: f"{file}.html" for name, file in file_names(self.nodes).items()}
        """The file of each context, in the folder of contexts."""

    @cached_property
    def findings(self) -> Mapping[str, Sequence[Finding]]:
        """What is wrong about each context, the worst first."""
        found: dict[str, list[Finding]] = {}
        for finding in self.all_findings:
            for name in dict.fromkeys(finding.contexts):
                found.setdefault(name, []).append(finding)
        return found

    @cached_property
    def all_findings(self) -> Sequence[Finding]:
        """What is wrong about the whole, the worst first."""
        return catalog_findings(self.catalog)

    @cached_property
    def beside(self) -> Mapping[str, Sequence[MapLink]]:
        """The lines at each context."""
        found: dict[str, list[MapLink]] = {}
        for link in self.links:
            for name in dict.fromkeys((link.source, link.target)):
                found.setdefault(name, []).append(link)
        return found

    @cached_property
    def patterns(self) -> Mapping[str, frozenset[str]]:
        """What each context is to others."""
        found: dict[str, set[str]] = {name: set() for name in self.nodes}
        for edge in self.catalog.edges:
            if edge.kind == "directed":
                found[edge.upstream].update(edge.upstream_roles)
                found[edge.downstream].update(edge.downstream_roles)
            else:
                for name in edge.pair:
                    found[name].add(edge.kind)
        return {name: frozenset(each) for name, each in found.items()}

    @cached_property
    def ways(self) -> Mapping[str, Html]:
        """The way from the page of a context to that of each other one."""
        return {name: tag("a", name, href=file) for name, file in self.files.items()}

    @cached_property
    def event_ways(self) -> Mapping[str, Html]:
        """The way from the page of a context to each event that is published."""
        publishers = {event: self.catalog.published(event)[0][0] for event in self.catalog.events}
        return {
            event: tag("a", event, href=f"{self.files[context]}#{event_anchor(event)}")
            for event, context in publishers.items()
        }

    def descriptor(self, name: str) -> Descriptor:
        """What is said of a context; nothing when nobody describes it."""
        return self.catalog.by_name.get(name) or Descriptor(name=name)

    def events_of(self, name: str) -> int:
        """How many events a context publishes, whatever their versions."""
        return len({one.name for one in self.descriptor(name).publishes})

    def taken_by(self, name: str) -> int:
        """How many events a context takes."""
        return len({one.consumption.event for one in self.catalog.takes(name)})


def event_anchor(event: str) -> str:
    """Where on its context's page an event is; it names nothing else there, whatever the event is called."""
    return f"event-{quote(event, safe='')}"

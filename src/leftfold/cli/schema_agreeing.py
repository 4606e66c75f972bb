"""Whose agreement the map asks for before a break of a published language is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from leftfold.catalog import descriptors_of
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.edges import Edge
from leftfold.integration.language_finding import LanguageFinding

__all__ = ["Speaking", "agreements"]


class Speaking(Protocol):
    """What speaks languages: an app, or contexts that make up none yet."""

    @property
    def contexts(self) -> Sequence[Context]:
        """All of it."""
        ...

    @property
    def context_map(self) -> ContextMap | None:
        """How they relate."""
        ...


def agreements(app: Speaking, findings: Iterable[LanguageFinding]) -> Mapping[str, str]:
    """The teams that have to agree to what *findings* would break, each with the reason; none without a map.

    A customer with a veto and a partner do, when they take the event, or are not run here, so that nobody knows.
    """
    if app.context_map is None:
        return {}
    blocking = [one for one in findings if one.blocks]
    takes = {one.name: {each.event for each in one.consumes} for one in descriptors_of(app.contexts)}
    named = {one.name: one for one in app.context_map.contexts}
    found: dict[str, str] = {}
    for speaker in (one for one in app.contexts if one.language is not None):
        for name, why in _others(speaker, app.context_map.edges):
            broken = _broken(speaker, blocking)
            if broken and (name not in takes or None in broken or broken & takes[name]):
                found.setdefault(named[name].team or name, f"{name} {why} {speaker.name}")
    return dict(sorted(found.items()))


def _others(speaker: Context, edges: Iterable[Edge]) -> Iterator[tuple[str, str]]:
    for edge in edges:
        if edge.kind == "directed" and edge.veto and edge.upstream == speaker.name:
            yield edge.downstream, "has a veto at"
        elif edge.kind == "partnership" and speaker.name in edge.pair:
            yield next(name for name in edge.pair if name != speaker.name), "is a partner of"


def _broken(speaker: Context, blocking: Iterable[LanguageFinding]) -> set[str | None]:
    """The types that are broken; None for the language as a whole."""
    language = "" if speaker.language is None else speaker.language.name
    return {None if one.type == language else one.type for one in blocking if one.language == language}

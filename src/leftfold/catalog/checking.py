"""What is wrong with a catalog: what contradicts itself, what leads nowhere, what only one side says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leftfold.catalog.catalog import Catalog, Taken, check_catalog
from leftfold.catalog.descriptor import Published, versions_read
from leftfold.catalog.shapes import has_field
from leftfold.contexts.cycles import cycles
from leftfold.contexts.edges import Edge, contradictions
from leftfold.contexts.findings import Finding, Severity, in_order

__all__ = ["catalog_findings"]


def catalog_findings(catalog: Catalog) -> tuple[Finding, ...]:
    """Everything that is wrong with *catalog*, errors first.

    Of an event that nobody takes, and of contexts that listen to each other in a circle, it is only noted.

    Raises:
        InvalidInput: *catalog* is none.
    """
    check_catalog(catalog)
    return in_order(
        (
            *_duplicates(catalog),
            *contradictions(catalog.edges),
            *_unregistered(catalog),
            *_one_sided(catalog),
            *_published(catalog),
            *_consumed(catalog),
            *_uses_in_circles(catalog),
            *_listens_in_circles(catalog),
        )
    )


def _duplicates(catalog: Catalog) -> Iterator[Finding]:
    for name, variants in catalog.conflicts.items():
        files = catalog.files.get(name, ())
        places = sorted({*files, *(one.place for one in variants if one.place)})
        where = f", in {' and '.join(places)}" if places else ""
        text = f"{len(variants)} descriptors of {name} differ{where}; keep the one of the team that answers for it"
        yield _finding("duplicate-context", (name,), text, subject=name, at=places[0] if places else "")


def _unregistered(catalog: Catalog) -> Iterator[Finding]:
    for name in catalog.unregistered:
        others = catalog.related(name)
        at = next((edge.place for other in others for edge in catalog.between(name, other)), "")
        text = f"{', '.join(sorted(others))} relates to {name}, which nobody describes; merge its descriptor"
        if not others:
            events = sorted({taken.consumption.event for taken in catalog.takes(name)})
            text = f"{name}, which nobody describes, was seen taking {', '.join(events)}; merge its descriptor"
        contexts = tuple(sorted((name, *others)))
        yield _finding("unregistered-context", contexts, text, subject=name, at=at, severity="warning")


def _one_sided(catalog: Catalog) -> Iterator[Finding]:
    said = {
        name: {(edge.kind, edge.upstream, edge.downstream) for edge in one.relations}
        for name, one in catalog.by_name.items()
    }
    for edge in catalog.edges:
        one, other = edge.pair
        if one == other or one not in said or other not in said:
            continue
        key = edge.kind, edge.upstream, edge.downstream
        silent = next((name for name in edge.pair if key not in said[name]), None)
        if silent is not None:
            speaker = other if silent == one else one
            text = f"{_words(edge)}: {speaker} declares it, and {silent} does not; add it there, or take it out here"
            at = edge.place or catalog.place_of(speaker)
            yield _finding("one-sided-relation", edge.pair, text, subject=_words(edge), at=at, severity="warning")


def _published(catalog: Catalog) -> Iterator[Finding]:
    for event in catalog.events:
        publishers = sorted({context for context, _ in catalog.published(event)})
        if len(publishers) > 1:
            text = f"{' and '.join(publishers)} publish {event}; one of them has to call it something else"
            yield _finding(
                "published-twice", tuple(publishers), text, subject=event, at=catalog.place_of(publishers[0])
            )
        if not catalog.taken(event):
            text = f"nobody takes {event} of {publishers[0]}"
            at = catalog.published(event)[0][1].place or catalog.place_of(publishers[0])
            yield _finding("orphan-event", tuple(publishers), text, subject=event, at=at, severity="note")


def _consumed(catalog: Catalog) -> Iterator[Finding]:
    for event in catalog.consumed:
        published = catalog.published(event)
        for taken in catalog.taken(event):
            if published:
                yield from _reading(catalog, taken, published)
                yield from _apart(catalog, taken, published)
            else:
                text = f"{_taker(taken)} takes {event}, which nobody publishes; mend the name, or merge who does"
                at = taken.consumption.place or catalog.place_of(taken.context)
                yield _finding("unregistered-event", (taken.context,), text, subject=event, at=at, severity="warning")


def _reading(catalog: Catalog, taken: Taken, published: Sequence[tuple[str, Published]]) -> Iterator[Finding]:
    consumption = taken.consumption
    contexts = tuple(sorted({taken.context, published[0][0]}))
    at = consumption.place or catalog.place_of(taken.context)
    read = versions_read(consumption, (one for _, one in published))
    if not read and consumption.evidence != "observed":  # what was taken once may be gone since
        there = ", ".join(sorted({_label(one) for _, one in published}))
        text = f"{_taker(taken)} reads versions {consumption.versions} of {consumption.event}; published are {there}"
        yield _finding("version-not-published", contexts, text, subject=consumption.event, at=at)
    for pointer in consumption.reads or ():
        lacking = [one for one in read if pointer not in one.fields and one.fields]
        if missing := sorted({_label(one) for one in lacking if not has_field(one.fields, pointer)}):
            text = f"{_taker(taken)} reads {pointer} of {consumption.event}, which version {', '.join(missing)} lacks"
            yield _finding("field-not-published", contexts, text, subject=f"{consumption.event}{pointer}", at=at)


def _apart(catalog: Catalog, taken: Taken, published: Sequence[tuple[str, Published]]) -> Iterator[Finding]:
    """Impact stops where two go separate ways, so that one who takes something there all the same is told of here."""
    event, taker = taken.consumption.event, taken.context
    for publisher in dict.fromkeys(context for context, _ in published):
        edge = next((one for one in catalog.between(publisher, taker) if one.kind == "separate-ways"), None)
        if edge is not None:
            text = f"{_taker(taken)} takes {event} of {publisher}, and the two go separate ways; take out one of them"
            at = taken.consumption.place or edge.place
            yield _finding("separate-ways", tuple(sorted((taker, publisher))), text, subject=event, at=at)


def _uses_in_circles(catalog: Catalog) -> Iterator[Finding]:
    following: dict[str, set[str]] = {}
    for edge in catalog.edges:
        partners = any(one.kind == "partnership" for one in catalog.between(*edge.pair))
        if edge.kind == "directed" and edge.upstream != edge.downstream and not partners:
            following.setdefault(edge.downstream, set()).add(edge.upstream)
    for circle in cycles(following):
        text = f"{' uses '.join(circle)}: those who use each other cannot change apart; turn one relation round"
        yield _finding("relation-cycle", _members(circle), text, subject=" ".join(circle), severity="warning")


def _listens_in_circles(catalog: Catalog) -> Iterator[Finding]:
    following: dict[str, set[str]] = {}
    for event in catalog.consumed:
        publishers = {context for context, _ in catalog.published(event)}
        for taken in catalog.taken(event):
            following.setdefault(taken.context, set()).update(publishers - {taken.context})
    for circle in cycles(following):
        text = f"{' listens to '.join(circle)}"
        yield _finding("event-cycle", _members(circle), text, subject=" ".join(circle), severity="note")


def _members(circle: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(circle)))


def _words(edge: Edge) -> str:
    if edge.kind == "directed":
        return f"{edge.downstream} follows {edge.upstream}"
    return f"{edge.kind} of {edge.upstream} and {edge.downstream}"


def _taker(taken: Taken) -> str:
    return f"{taken.context} ({taken.consumption.by})" if taken.consumption.by else taken.context


def _label(one: Published) -> str:
    return one.label or str(one.version)


def _finding(
    rule: str, contexts: tuple[str, ...], message: str, *, subject: str, at: str = "", severity: Severity = "error"
) -> Finding:
    return Finding(rule=rule, contexts=contexts, message=message, declared_at=at, subject=subject, severity=severity)

"""What a context publishes: the versions of each event, its fields, and who reads each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from leftfold.catalog.catalog import Taken
from leftfold.catalog.descriptor import Descriptor, Published
from leftfold.catalog.pages.markup import Cell, Html, joined, section, table, tag
from leftfold.catalog.pages.site import Site, event_anchor
from leftfold.catalog.shapes import overlaps

__all__ = ["field_readers", "published_events"]


def published_events(site: Site, one: Descriptor) -> Html | None:
    """A part for each event that a context publishes; None when it publishes nothing."""
    events: dict[str, list[Published]] = {}
    for published in one.publishes:
        events.setdefault(published.name, []).append(published)
    if not events:
        return None
    return section("Publishes", *(_event(site, name, events[name]) for name in sorted(events)), count=len(events))


def field_readers(versions: Sequence[Published], taken: Sequence[Taken]) -> Mapping[str, Sequence[str]]:
    """Who reads each field of an event by name: contexts, each once, without those that read all of it.

    A field that somebody reads and no version has is there, too. Whoever reads a field reads what is inside it, and
    whoever reads what is inside it reads the field.
    """
    fields = {pointer for one in versions for pointer in one.fields}
    read = {pointer for each in taken for pointer in each.consumption.reads or ()}
    missing = {one for one in read if not any(overlaps(one, field) for field in fields)}
    return {
        field: list(
            dict.fromkeys(
                each.context
                for each in taken
                if any(overlaps(field, pointer) for pointer in each.consumption.reads or ())
            )
        )
        for field in sorted(fields | missing)
    }


def _event(site: Site, name: str, versions: Sequence[Published]) -> Html:
    taken = site.catalog.taken(name)
    ask = tag("a", "what breaks?", href=_asking(name), class_="ask")
    head = tag("h3", name, " ", ask)
    everything = list(dict.fromkeys(each.context for each in taken if each.consumption.reads is None))
    nothing = list(dict.fromkeys(each.context for each in taken if each.consumption.reads == ()))
    parts = (
        tag("p", joined((_version(one) for one in versions), "; "), class_="versions"),
        _named(site, "Read as a whole by ", everything),
        _named(site, "That it happened is all that counts for ", nothing),
        None if taken else tag("p", "Nobody takes it.", class_="quiet"),
        _fields(site, name, versions, taken),
    )
    return tag("article", head, *parts, id=event_anchor(name), class_="event")


def _version(one: Published) -> str:
    parts = [f"version {one.label or one.version}"]
    if one.deprecated:
        parts.append(f"deprecated {one.deprecated}")
    if one.sunset:
        parts.append(f"served until {one.sunset}")
    return joined((", ".join(parts), *((" ", tag("code", one.place)) if one.place else ())))


def _named(site: Site, words: str, names: Sequence[str]) -> Html | None:
    return tag("p", words, joined((site.ways[one] for one in names), ", ")) if names else None


def _fields(site: Site, event: str, versions: Sequence[Published], taken: Sequence[Taken]) -> Html | None:
    readers = field_readers(versions, taken)
    if not readers:
        return None
    rows = [
        (
            Cell(tag("a", field, href=_asking(event, field)), code=True),
            Cell(joined(_types(field, versions), ", ")),
            _reading(site, names, whole=any(each.consumption.reads is None for each in taken)),
        )
        for field, names in readers.items()
    ]
    return table(("field", "type", "readers"), rows)


def _types(field: str, versions: Sequence[Published]) -> Iterator[str]:
    """Of the field in each version, once when it is the same in all."""
    said = {one.label or str(one.version): one.fields.get(field) for one in versions}
    types = set(said.values())
    if types == {None}:
        yield "no version has it"
    elif len(types) == 1:
        yield str(types.pop())
    else:
        yield from (f"{type or 'not there'} in {version}" for version, type in said.items())


def _reading(site: Site, names: Sequence[str], *, whole: bool) -> Cell:
    if names:
        return Cell(joined((site.ways[one] for one in names), ", "))
    return Cell("only who reads all of it" if whole else "nobody", class_="quiet")


def _asking(event: str, field: str = "") -> str:
    subject = {"kind": "event", "name": event} | ({"field": field} if field else {})
    return f"../impact.html#{urlencode(subject)}"

"""The page of a context: what it says about itself, how it relates to others, what it publishes and takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from leftfold.catalog.catalog import Taken
from leftfold.catalog.descriptor import Descriptor, Handler
from leftfold.catalog.impact import evidence_of
from leftfold.catalog.pages.event_readers import published_events
from leftfold.catalog.pages.frame import page
from leftfold.catalog.pages.markup import Cell, Html, joined, section, table, tag
from leftfold.catalog.pages.relation_words import relation_rows
from leftfold.catalog.pages.site import Site

__all__ = ["context_page"]

_SCRIPTS: Final = ("data/contexts.js", "data/links.js", "assets/drawing.js", "assets/context.js")


def context_page(site: Site, name: str) -> str:
    """The page of the context *name*, which may be one that nobody describes."""
    one = site.descriptor(name)
    main = joined((_head(site, one), _findings(site, name), _around(site, name), *_body(site, one)), "\n")
    return page(name, main, scripts=_SCRIPTS, root="../")


def _head(site: Site, one: Descriptor) -> Html:
    node = site.nodes[one.name]
    marks = [mark for mark, there in ((node.look, node.look), ("external", one.external), ("mud", one.mud)) if there]
    words = {"mud": "big ball of mud", "unregistered": "not registered"}
    badges = joined(tag("span", words.get(mark, mark), class_=f"badge {mark}") for mark in dict.fromkeys(marks))
    purpose = tag("p", one.purpose, class_="purpose") if one.purpose else None
    if node.look == "unregistered":
        purpose = tag("p", "Nobody describes this context; others name it.", class_="purpose")
    ask = tag(
        "a", "What breaks if it changes?", href=f"../impact.html#{urlencode({'kind': 'context', 'name': one.name})}"
    )
    canvas = tag("dl", *(_said(term, said) for term, said in _canvas(one)), class_="canvas")
    return joined((tag("h1", one.name, badges), purpose, canvas, tag("p", ask)))


def _canvas(one: Descriptor) -> Iterator[tuple[str, str | None]]:
    team = tag("a", one.team, href=f"../index.html#{urlencode({'q': one.team})}") if one.team else None
    yield "Team", team
    yield "Subdomain", one.subdomain
    yield "Domain", one.domain
    yield "Package", tag("code", one.package) if one.package else None
    yield "For others", joined((tag("code", module) for module in one.modules), " ")
    yield "Language", f"{one.language}, {one.mode}" if one.mode else one.language
    yield "Declared at", tag("code", one.place) if one.place else None


def _said(term: str, said: str | None) -> Html | None:
    return tag("div", tag("dt", term), tag("dd", said)) if said else None


def _findings(site: Site, name: str) -> Html | None:
    found = site.findings.get(name, ())
    if not found:
        return None
    rows = [
        (
            Cell(one.severity, class_=one.severity),
            Cell(one.rule, code=True),
            Cell(one.message),
            Cell(one.found_at or one.declared_at, class_="place", code=True),
        )
        for one in found
    ]
    return section("Findings", table(("severity", "rule", "what", "at"), rows), count=len(rows))


def _around(site: Site, name: str) -> Html | None:
    if not site.beside.get(name):
        return None
    depths = joined(
        tag("button", words, type="button", data_depth=depth, aria_pressed="true" if depth == "1" else "false")
        for depth, words in (("1", "1 step"), ("2", "2 steps"))
    )
    drawing = tag("figure", id="around", data_context=str(site.number[name]))
    return section(
        "Around it", joined((tag("p", depths, class_="choice"), tag("p", id="drawn", role="status"), drawing))
    )


def _body(site: Site, one: Descriptor) -> Iterator[Html | None]:
    rows = list(relation_rows(site, one.name))
    heads = ("context", "it is", "pattern", "about it", "at")
    yield section("Relations", table(heads, rows), count=len(rows)) if rows else None
    yield published_events(site, one)
    yield _taken(site, one.name)
    words = [(Cell(word, class_="word"), Cell(meaning)) for word, meaning in sorted(one.glossary.items())]
    yield section("Language", table(("word", "means here"), words), count=len(words)) if words else None
    yield from _lists(one)


def _taken(site: Site, name: str) -> Html | None:
    rows = [_consumption(site, taken) for taken in site.catalog.takes(name)]
    heads = ("event", "from", "versions", "reads", "handler", "leads to", "known by")
    return section("Takes", table(heads, rows), count=len(rows)) if rows else None


def _consumption(site: Site, each: Taken) -> tuple[Cell, ...]:
    taken = each.consumption
    publishers = list(dict.fromkeys(context for context, _ in site.catalog.published(taken.event)))
    reads = "all of it" if taken.reads is None else joined((tag("code", one) for one in taken.reads), " ")
    return (
        Cell(site.event_ways.get(taken.event, taken.event), class_="name"),
        Cell(joined((site.ways[one] for one in publishers), ", ") if publishers else "nobody publishes it"),
        Cell(taken.versions or "any"),
        Cell(reads or "only that it happened"),
        Cell(taken.by, code=True),
        Cell(_led_to(site, each.handler)),
        Cell(joined(_known_by(each), "; ")),
    )


def _known_by(each: Taken) -> Iterator[str]:
    for one in evidence_of(each):
        words = f"{one.kind}{f' last on {one.last_seen[:10]}' if one.last_seen else ''}"
        yield joined((words, " at ", tag("code", one.place))) if one.place else words


def _led_to(site: Site, handler: Handler | None) -> str:
    if handler is None:
        return "nobody says"
    names = list(dict.fromkeys(one.event for one in handler.emits))
    parts = [site.event_ways.get(name, name) for name in names]
    return joined((*parts, *(("more than it says",) if handler.open else ())), ", ")


def _lists(one: Descriptor) -> Iterator[Html]:
    owners = [f"{name}, owned by {owner}" if owner else name for name, owner in sorted(one.aggregates.items())]
    told = (("Commands", one.commands), ("Queries", one.queries), ("Offers", one.apis), ("Records", tuple(owners)))
    for title, names in told:
        if names:
            yield section(title, tag("ul", *(tag("li", tag("code", name)) for name in names), class_="names"))

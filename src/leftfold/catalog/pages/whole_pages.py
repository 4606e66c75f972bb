"""The pages about the whole: the table of contexts, the matrix, and what breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from leftfold.catalog.pages.frame import page
from leftfold.catalog.pages.markup import Html, joined, tag
from leftfold.catalog.pages.site import PATTERNS, Site

__all__ = ["impact_page", "index_page", "matrix_page"]

_CHANGES: Final = (
    ("remove", "is removed"),
    ("rename", "is renamed"),
    ("type", "gets another type or form"),
    ("meaning", "gets another meaning"),
    ("add", "is added"),
)
_MARKS: Final = (
    ("U", "follows it as its upstream"),
    ("e", "only takes events of it"),
    ("P", "partners"),
    ("K", "a shared kernel"),
    ("x", "separate ways"),
)


def index_page(site: Site) -> str:
    """The table of contexts, with a search that finds events and fields, too."""
    heads = ("context", "team", "subdomain", "pattern", "publishes", "takes", "purpose")
    numbers = {"publishes", "takes"}
    head = tag(
        "thead",
        tag("tr", *(tag("th", one, scope="col", class_="number" if one in numbers else None) for one in heads)),
    )
    main = joined(
        (
            tag("h1", "Contexts"),
            tag("p", joined(_counts(site), " · "), class_="counts"),
            tag("p", id="told", role="status", class_="quiet"),
            tag("section", id="events", hidden=True),
            tag("div", tag("table", head, tag("tbody", id="contexts")), class_="wide", tabindex="0"),
            tag("button", id="more", type="button", hidden=True),
            _legend((short, name.replace("-", " ")) for name, short in PATTERNS),
        ),
        "\n",
    )
    scripts = ("data/contexts.js", "data/events.js", "assets/finding.js", "assets/index.js")
    return page("Contexts", main, scripts=scripts, at="index.html")


def matrix_page() -> str:
    """Who follows whom, grouped."""
    groups = (("team", "by team"), ("subdomain", "by subdomain"), ("domain", "by domain"), ("none", "each context"))
    buttons = joined(tag("button", words, type="button", data_by=by, aria_pressed="false") for by, words in groups)
    main = joined(
        (
            tag("h1", "Who follows whom"),
            tag("p", "Rows follow columns, or take events of them. A group opens and closes when its name is pressed."),
            tag("p", buttons, class_="choice"),
            tag("p", id="told", role="status", class_="quiet"),
            tag("div", id="matrix", class_="wide", tabindex="0"),
            _legend(_MARKS),
        ),
        "\n",
    )
    return page(
        "Who follows whom",
        main,
        scripts=("data/contexts.js", "data/links.js", "assets/matrix.js"),
        at="matrix.html",
    )


def impact_page() -> str:
    """What a change leads to, asked and answered on the page."""
    options = joined(tag("option", words, value=change) for change, words in _CHANGES)
    subject = tag(
        "input",
        id="subject",
        type="search",
        autocomplete="off",
        spellcheck="false",
        role="combobox",
        aria_expanded="false",
        aria_controls="subjects",
        aria_autocomplete="list",
        placeholder="context, event, field, team or shared kernel",
    )
    fields = (
        _field("What changes?", "subject", joined((subject, tag("ul", id="subjects", role="listbox", hidden=True)))),
        _field("Version", "version", tag("select", id="version", disabled=True)),
        _field("Field", "field", tag("select", id="field", disabled=True)),
        _field("It", "change", tag("select", options, id="change")),
    )
    main = joined(
        (
            tag("h1", "What breaks?"),
            tag("form", *fields, id="asking", class_="asking"),
            tag("div", id="answer", aria_live="polite"),
        ),
        "\n",
    )
    scripts = (
        *("data/contexts.js", "data/events.js", "data/impact.js"),
        *("assets/finding.js", "assets/wholes.js", "assets/judging.js", "assets/spreading.js"),
        *("assets/answer.js", "assets/choosing.js", "assets/impact.js"),
    )
    return page("What breaks?", main, scripts=scripts, at="impact.html")


def _field(words: str, id: str, control: Html) -> Html:
    return tag("div", tag("label", words, for_=id), control, class_=f"for-{id}")


def _counts(site: Site) -> Iterator[str]:
    catalog = site.catalog
    yield _many(len(catalog.by_name), "context")
    if catalog.unregistered:
        yield f"{len(catalog.unregistered):,} not registered"
    yield _many(len(catalog.teams), "team")
    yield _many(len(catalog.events), "event")
    yield f"{_many(len(site.links), 'line')} between contexts"
    severities = Counter(one.severity for one in site.all_findings)
    for severity in ("error", "warning", "note"):
        if count := severities[severity]:
            yield _many(count, severity)


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _legend(pairs: Iterable[tuple[str, str]]) -> Html:
    items = (tag("div", tag("dt", short), tag("dd", words)) for short, words in pairs)
    return tag("dl", *items, class_="legend")

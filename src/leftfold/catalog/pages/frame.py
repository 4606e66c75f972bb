"""What is around every page: its head, the way to the others, and the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leftfold.catalog.pages.markup import Html, joined, tag

__all__ = ["page"]

# Nothing is loaded but what lies beside the page, and no script runs that is written into it.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'"
)
_WAYS: Final = (("index.html", "Contexts"), ("matrix.html", "Matrix"), ("impact.html", "What breaks?"))


def page(title: str, main: Html, *, scripts: Sequence[str], root: str = "", at: str = "") -> str:
    """A whole page.

    Args:
        title: of the page; the same as its heading, so that it says where one is.
        main: what is on it.
        scripts: files that it needs, in this order, from the folder on.
        root: the way from the page to the folder: empty, or `../`.
        at: which of the pages in the head this is.
    """
    files = ("assets/leftfold.js", *scripts)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("link", rel="stylesheet", href=f"{root}assets/style.css"),
        *(tag("script", src=f"{root}{file}", defer=True) for file in files),
    )
    ways = joined(
        tag("a", words, href=f"{root}{file}", aria_current="page" if file == at else None) for file, words in _WAYS
    )
    search = tag(
        "form",
        tag("label", "Search", for_="search", class_="unseen"),
        tag(
            "input",
            id="search",
            type="search",
            placeholder="context, team, event, field   /",
            autocomplete="off",
            spellcheck="false",
        ),
        role="search",
        id="searching",
    )
    bar = tag("header", tag("nav", ways, aria_label="Pages"), search)
    noscript = tag("noscript", tag("p", "Searching, drawing and asking need JavaScript, which is turned off."))
    body = tag("body", bar, noscript, tag("main", main), data_root=root)
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n'

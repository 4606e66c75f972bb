"""Tables and sections, as every page has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from leftfold.catalog.pages.markup import Html, tag

__all__ = ["Cell", "section", "table"]


class Cell(NamedTuple):
    """A cell of a table.

    Args:
        inside: text, or markup.
        class_: how it looks.
        code: whether it is set as code.
    """

    inside: str
    class_: str | None = None
    code: bool = False


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Html:
    """A table, in a box that it can be wider than."""
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    body = tag("tbody", *[tag("tr", *[_cell(cell) for cell in row]) for row in rows])
    return tag("div", tag("table", head, "\n", body), class_="wide", tabindex="0", role="region", aria_label=heads[0])


def section(title: str, *inside: str | None, count: int | None = None) -> Html:
    """A part of a page, with how many there are in it."""
    counted = None if count is None else tag("span", f"{count:,}", class_="count")
    return tag("section", tag("h2", title, counted), "\n", *inside)


def _cell(cell: Cell) -> Html:
    inside = tag("code", cell.inside) if cell.code and cell.inside else cell.inside
    return tag("td", inside, class_=cell.class_)

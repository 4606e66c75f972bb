"""HTML put together from parts, tables and sections among them; what a catalog says is text and never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, NamedTuple

__all__ = ["Cell", "Html", "joined", "section", "table", "tag"]

_EMPTY: Final = frozenset({"br", "input", "link", "meta"})


class Html(str):
    """Text that is markup already; every other text is escaped where it is put in."""

    __slots__ = ()


def tag(name: str, /, *inside: str | None, **attributes: str | bool | None) -> Html:
    """An element.

    Args:
        name: of the element.
        inside: what is in it; text that is no `Html` is escaped, None is left out.
        attributes: `class_` is class, `data_root` is data-root; True stands alone, None and False are left out.
    """
    said = "".join([_attribute(key, value) for key, value in attributes.items()]) if attributes else ""
    if name in _EMPTY:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(inside)}</{name}>")


def joined(parts: Iterable[str | None], between: str = "") -> Html:
    """*parts* one after another; text that is no `Html` is escaped, None is left out."""
    return Html(between.join([part if isinstance(part, Html) else escape(part) for part in parts if part is not None]))


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


def _attribute(key: str, value: str | bool | None) -> str:  # noqa: FBT001 - it is what HTML has
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def _cell(cell: Cell) -> Html:
    inside = tag("code", cell.inside) if cell.code and cell.inside else cell.inside
    return tag("td", inside, class_=cell.class_)

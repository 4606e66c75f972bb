"""HTML put together from parts, so that whatever a catalog says is text and never markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

__all__ = ["Html", "joined", "tag"]

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


def _attribute(key: str, value: str | bool | None) -> str:  # noqa: FBT001 - it is what HTML has
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'

"""A value of front matter that stands on one line: a text, `[a, b]`, `{a: b}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from leftfold.catalog.errors import InvalidCatalogFile
    from leftfold.catalog.front_matter import Value

__all__ = ["inline_value"]

_DOUBLE: Final = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"')
_SINGLE: Final = re.compile(r"'(?P<text>(?:[^']|'')*)'")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_MEANT: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_COMMENT: Final = re.compile(r"\s+#.*$")
_LONGEST: Final = 20_000
_NOTHING: Final = ("null", "Null", "NULL", "~")


def inline_value(said: str, wrong: Callable[[str], InvalidCatalogFile]) -> Value:
    """The value of *said*, which is not empty.

    Args:
        wrong: makes the error of a reason.
    """
    if said[0] in "[{" and len(said) > _LONGEST:
        raise wrong(f"more than {_LONGEST:,} characters stand between brackets on one line; give each entry a line")
    value, rest = _value(said, wrong, "")
    if rest and not rest.startswith("#"):
        raise wrong(f"something follows a value: {rest!r:.60}")
    return value


def _value(said: str, wrong: Callable[[str], InvalidCatalogFile], ends: str) -> tuple[Value, str]:
    """The value that *said* begins with, and what follows it.

    Args:
        ends: marks that end a plain text; none outside of brackets.
    """
    match said[:1]:
        case "[":
            return _list(said[1:].lstrip(), wrong)
        case "{":
            return _mapping(said[1:].lstrip(), wrong)
        case '"' | "'":
            return _quoted(said, wrong)
        case "&" | "*" | "!" | "|" | ">" | "%" | "@" | "`":
            raise wrong(f"{said[0]} has a meaning in YAML that is not read here; put the text in quotes")
        case _:
            text = said if not ends else re.split(f"[{re.escape(ends)}]", said, maxsplit=1)[0]
            plain = _COMMENT.sub("", text).strip()
            return "" if plain in _NOTHING else plain, said[len(text) :].lstrip() if ends else ""


def _quoted(said: str, wrong: Callable[[str], InvalidCatalogFile]) -> tuple[str, str]:
    found = (_DOUBLE if said[0] == '"' else _SINGLE).match(said)
    if found is None:
        raise wrong("a text begins with a quote and never ends on this line")
    text = found["text"]
    text = (
        _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]), text) if said[0] == '"' else text.replace("''", "'")
    )
    return text, said[found.end() :].lstrip()


def _list(rest: str, wrong: Callable[[str], InvalidCatalogFile]) -> tuple[Value, str]:
    found: list[Value] = []
    while not rest.startswith("]"):
        value, rest = _value(rest, wrong, ",]")
        found.append(value)
        rest = _after_comma(rest, "]", wrong)
    return found, rest[1:].lstrip()


def _mapping(rest: str, wrong: Callable[[str], InvalidCatalogFile]) -> tuple[Value, str]:
    found: dict[str, Value] = {}
    while not rest.startswith("}"):
        key, rest = _value(rest, wrong, ":,}")
        if not isinstance(key, str) or not rest.startswith(":"):
            raise wrong("expected a key and a colon between { and }")
        found[key], rest = _value(rest[1:].lstrip(), wrong, ",}")
        rest = _after_comma(rest, "}", wrong)
    return found, rest[1:].lstrip()


def _after_comma(rest: str, end: str, wrong: Callable[[str], InvalidCatalogFile]) -> str:
    if rest.startswith(","):
        return rest[1:].lstrip()
    if not rest.startswith(end):
        raise wrong(f"a bracket is never closed on this line; {end} is missing")
    return rest

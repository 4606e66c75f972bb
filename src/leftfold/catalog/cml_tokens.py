"""The words of a file in the Context Mapper language, with the line of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from leftfold.catalog.errors import InvalidCatalogFile

__all__ = ["Token", "TokenKind", "tokens_of"]

TokenKind: TypeAlias = Literal["name", "text", "mark", "end"]
"""A name or keyword, quoted text, a mark, or the end of the file."""

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>\s+ | //[^\n]* | /\*.*?\*/)
    | (?P<text>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<name>
        (?:Shared-Kernel | Upstream-Downstream | Downstream-Upstream | Customer-Supplier | Supplier-Customer)\b
        | \^?[^\W\d]\w*
      )
    | (?P<open>/\* | " | ')
    | (?P<mark><-> | -> | <- | \d+ | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_MEANT: Final = {"n": "\n", "t": "\t", "r": "\r"}
_DEEPEST: Final = 100
_UNENDED: Final = {"/*": "a comment", '"': "a text", "'": "a text"}


class Token(Struct, frozen=True):
    """One word.

    Args:
        kind: of what kind.
        value: a name without the `^` that keeps it from being a keyword, a text without quotes.
        line: counted from 1.
        plain: it may be a keyword: no `^` is before it.
    """

    kind: TokenKind
    value: str
    line: int
    plain: bool = True


def tokens_of(text: str, file: str) -> Iterator[Token]:
    """The words of *text* in order, an end at last.

    Args:
        file: its name, for errors.

    Raises:
        InvalidCatalogFile: a comment or a text has no end, or braces are nested too deep; it names the line.
    """
    line, depth = 1, 0
    for match in _TOKEN.finditer(text):
        kind, said = match.lastgroup, match.group()
        match kind:
            case "name":
                yield Token("name", said.removeprefix("^"), line, plain=not said.startswith("^"))
            case "text":
                yield Token("text", _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), said[1:-1]), line)
            case "mark":
                depth += (said == "{") - (said == "}")
                if depth > _DEEPEST:
                    raise InvalidCatalogFile(file, f"more than {_DEEPEST} braces are open here; close some", line=line)
                yield Token("mark", said, line)
            case "open":
                raise InvalidCatalogFile(file, f"{_UNENDED[said]} begins here and never ends", line=line)
            case _:
                pass
        line += said.count("\n")
    yield Token("end", "the end of the file", line)

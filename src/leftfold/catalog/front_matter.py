"""The part of YAML that stands at the top of a page: keys, nested by indentation, lists, texts over several lines.

Every value is text. What else YAML has, tags, anchors, aliases and documents, is refused, not guessed at.

Source: YAML 1.2.2, chapters 7 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Struct

from leftfold.catalog.errors import InvalidCatalogFile
from leftfold.catalog.front_values import inline_value

__all__ = ["Mark", "Value", "front_matter"]

Value: TypeAlias = "str | list[Value] | dict[str, Value]"
"""A text, a list, or a mapping."""

_KEY: Final = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'\[\]{}&*!|>%@`,-][^:#]*?|-[^\s:#][^:#]*?)\s*:(?:\s+|$)"""
)
_BLOCK: Final = re.compile(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
_STARTS: Final = "\"'[{"
"""What begins a value that is no plain text."""

_MOST_LINES: Final = 10_000
_BREAK: Final = re.compile(r"\r\n|\r|\n")


class Mark(Struct, frozen=True):
    """A line of the front matter.

    Args:
        number: of the line in its file, counted from 1.
        indent: blanks before it.
        text: without them; empty for a blank line.
    """

    number: int
    indent: int
    text: str


def front_matter(page: str, file: str) -> dict[str, Value]:
    """The front matter of *page*, between its first line `---` and the next; empty when it has none.

    Args:
        file: its name, for errors.

    Raises:
        InvalidCatalogFile: it never ends, or is not of the part of YAML that is read here; it names the line.
    """
    lines = _BREAK.split(page.removeprefix("\ufeff"))
    if lines[0].rstrip() != "---":
        return {}
    end = next((at for at, line in enumerate(lines[1:_MOST_LINES], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise InvalidCatalogFile(file, "the front matter begins here and never ends; close it with ---", line=1)
    marks: list[Mark] = []
    for number, line in enumerate(lines[1:end], 2):
        text = line.lstrip(" ")
        if text.startswith("\t"):
            raise InvalidCatalogFile(file, "a tab cannot indent; write blanks", line=number)
        marks.append(Mark(number, len(line) - len(text), text.rstrip()))
    reader = _Reader(marks, file)
    try:
        return reader.document()
    except RecursionError as error:
        raise InvalidCatalogFile(file, "this is nested too deep", line=reader.line) from error


class _Reader:
    def __init__(self, marks: list[Mark], file: str) -> None:
        self._marks = marks
        self._file = file
        self._next = 0

    @property
    def line(self) -> int:
        """The line that is read, counted from 1; the last one after that."""
        return self._marks[min(self._next, len(self._marks) - 1)].number

    def document(self) -> dict[str, Value]:
        first = self._peek()
        if first is None:
            return {}
        found = self._mapping(first.indent)
        if (left := self._peek()) is not None:
            raise self._wrong(left, "this is indented as nothing above it")
        return found

    def _peek(self) -> Mark | None:
        """The next line that says something."""
        while self._next < len(self._marks):
            mark = self._marks[self._next]
            if mark.text and not mark.text.startswith("#"):
                return mark
            self._next += 1
        return None

    def _mapping(self, indent: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while (mark := self._peek()) is not None and mark.indent == indent and not _is_item(mark.text):
            match = _KEY.match(mark.text)
            if match is None:
                raise self._wrong(mark, f"expected a key and a colon, found {mark.text!r:.60}")
            key = match["key"].strip("\"'")
            if key in found:
                raise self._wrong(mark, f"the key {key!r} is there twice")
            self._next += 1
            found[key] = self._value(mark, mark.text[match.end() :].strip(), indent)
        return found

    def _value(self, mark: Mark, said: str, indent: int) -> Value:
        if _BLOCK.fullmatch(said):
            return self._block(indent, folded=said[0] == ">")
        if said and not said.startswith("#"):
            if said.startswith("- "):
                raise self._wrong(mark, "a list inside a list stands on lines of its own")
            whole = said if said[0] in _STARTS else " ".join((said, *self._continued(indent)))
            return inline_value(whole, lambda reason: self._wrong(mark, reason))
        after = self._peek()
        if after is None or after.indent < indent or (after.indent == indent and not _is_item(after.text)):
            return ""
        return self._list(after.indent) if _is_item(after.text) else self._mapping(after.indent)

    def _continued(self, indent: int) -> Iterator[str]:
        """The lines that go on with a plain text, which are indented more than where it belongs."""
        while (mark := self._peek()) is not None and mark.indent > indent:
            if _KEY.match(mark.text):
                raise self._wrong(mark, "a text goes on here and looks like a key; put it in quotes, or indent it less")
            self._next += 1
            yield mark.text

    def _list(self, indent: int) -> list[Value]:
        found: list[Value] = []
        while (mark := self._peek()) is not None and mark.indent == indent and _is_item(mark.text):
            said = mark.text[1:].lstrip()
            inner = indent + len(mark.text) - len(said)
            if _KEY.match(said):
                self._marks[self._next] = Mark(mark.number, inner, said)
                found.append(self._mapping(inner))
            else:
                self._next += 1
                found.append(self._value(mark, said, indent + 1))
        return found

    def _block(self, indent: int, *, folded: bool) -> str:
        lines: list[str] = []
        depth: int | None = None
        while self._next < len(self._marks):
            mark = self._marks[self._next]
            if mark.text and mark.indent <= indent:
                break
            depth = mark.indent if depth is None and mark.text else depth
            lines.append(" " * max(mark.indent - (depth or 0), 0) + mark.text if mark.text else "")
            self._next += 1
        return (" " if folded else "\n").join(lines).strip()

    def _wrong(self, mark: Mark, reason: str) -> InvalidCatalogFile:
        return InvalidCatalogFile(self._file, reason, line=mark.number)


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")

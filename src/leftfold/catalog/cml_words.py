"""Reading words one after another, with errors that say what was expected where."""

from __future__ import annotations

from collections.abc import Collection

from leftfold.catalog.cml_tokens import tokens_of
from leftfold.catalog.errors import InvalidCatalogFile

__all__ = ["Words"]


class Words:
    """The words of a text, and how far they are read."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._coming = tokens_of(text, file)
        self._read = self._next = next(self._coming)
        self._after = next(self._coming, self._next)

    @property
    def line(self) -> int:
        """The line of the next word, counted from 1."""
        return self._next.line

    def place(self, line: int) -> str:
        """A line of this file, as `path:line`."""
        return f"{self._file}:{line}"

    def wrong(self, reason: str) -> InvalidCatalogFile:
        """What is to be raised about the word that was read last."""
        return InvalidCatalogFile(self._file, reason, line=self._read.line)

    def at_end(self) -> bool:
        """Whether there are no more."""
        return self._next.kind == "end"

    def sees(self, word: str) -> bool:
        """Whether the next word is this mark or keyword."""
        token = self._next
        return token.kind in ("name", "mark") and token.value == word and token.plain

    def sees_after(self, words: Collection[str]) -> bool:
        """Whether the word after the next one is one of *words*."""
        token = self._after
        return token.plain and token.value in words

    def took(self, word: str) -> bool:
        """Read the next word if it is this one."""
        found = self.sees(word)
        if found:
            self._advance()
        return found

    def take(self, word: str) -> None:
        """Read the next word, which has to be this one."""
        if not self.took(word):
            raise self._unexpected(word)

    def name(self, expected: str) -> str:
        """Read a name."""
        return self._one("name", expected)

    def text(self, expected: str) -> str:
        """Read a quoted text."""
        return self._one("text", expected)

    def names(self, expected: str) -> list[tuple[str, int]]:
        """Read names with commas between them, with their lines."""
        found = [(self.line, self.name(expected))]
        while self.took(","):
            found.append((self.line, self.name(expected)))
        return [(name, line) for line, name in found]

    def is_attribute(self, name: str) -> bool:
        """Whether an attribute of this name comes: a word or a text follows it, with or without `=`."""
        if not self.sees(name):
            return False
        after = self._after
        return after.kind in ("name", "text") or after.value == "="

    def attribute(self) -> str:
        """Read an attribute whose name comes next, and give its value."""
        self._advance()
        self.took("=")
        token = self._next
        return self._one("text" if token.kind == "text" else "name", "a value")

    def roles(self) -> tuple[str, ...]:
        """Read `[U,OHS]` if it comes."""
        if not self.took("["):
            return ()
        found = [one for one, _ in self.names("a role")] if not self.sees("]") else []
        self.take("]")
        return tuple(found)

    def operator(self, operators: Collection[str]) -> str:
        """Read what stands between two contexts."""
        token = self._next
        if token.value not in operators or token.kind == "text":
            raise self._unexpected(f"one of {' '.join(operators)}")
        self._advance()
        return token.value

    def skip(self) -> None:
        """Pass over one word, or everything between two braces."""
        token = self._next
        if token.kind == "end" or self.sees("}"):
            raise self._unexpected("something else")
        self._advance()
        open = int(token.kind == "mark" and token.value == "{")
        while open:
            if self.at_end():
                raise InvalidCatalogFile(self._file, "a { is never closed", line=token.line)
            open += self.sees("{") - self.sees("}")
            self._advance()

    def pass_over(self, beginnings: Collection[str]) -> None:
        """Pass over everything up to the next word that begins something else."""
        while not self.at_end() and not any(self.sees(one) for one in beginnings):
            self.skip()

    def _advance(self) -> None:
        self._read, self._next = self._next, self._after
        self._after = next(self._coming, self._next)

    def _one(self, kind: str, expected: str) -> str:
        token = self._next
        if token.kind != kind:
            raise self._unexpected(expected)
        self._advance()
        return token.value

    def _unexpected(self, expected: str) -> InvalidCatalogFile:
        token = self._next
        found = token.value if token.kind == "end" else repr(token.value)
        return InvalidCatalogFile(self._file, f"expected {expected}, found {found}", line=token.line)

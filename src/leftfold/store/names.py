"""Names: streams, categories, tags."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Self

from leftfold.errors import InvalidStreamName, InvalidTag
from leftfold.messages.given import id_flaw
from leftfold.messages.message import MAX_NAME_BYTES, name_flaw

__all__ = [
    "StreamName",
    "category_of",
    "check_stream",
    "check_tag",
    "first_above",
    "flaw_of",
    "id_of",
    "name_range",
    "plain",
]


_known = lru_cache(maxsize=4096)(name_flaw)

_ABOVE_ALL: Final = "\U0010ffff" * (MAX_NAME_BYTES // 4 + 1)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def flaw_of(name: str) -> str | None:
    """Why a name cannot be stored, or None when it can; the names of a store are few and come again and again."""
    try:
        return _known(name)
    except TypeError:  # it cannot be hashed, and is no text
        return name_flaw(name)


def check_stream(stream: str) -> None:
    """Raise `InvalidStreamName` unless *stream* can be stored; any script is welcome."""
    if flaw := flaw_of(stream):
        raise InvalidStreamName(stream, flaw)


def check_tag(tag: str) -> None:
    """Raise `InvalidTag` unless *tag* can be stored."""
    if flaw := flaw_of(tag):
        raise InvalidTag(tag, flaw)


def category_of(stream: str) -> str:
    """The part of a stream's name before its first hyphen, or the whole name.

    Source: the naming convention of message-db and Eventide.
    """
    return stream.partition("-")[0]


def id_of(stream: str) -> str:
    """The part of a stream's name after its first hyphen, empty when it has none."""
    return stream.partition("-")[2]


def first_above(name: str) -> str:
    """The least text above *name* that may begin a stored name: a stored name is above *name* if it is at least that.

    For a database, which can hold no NUL and no surrogate to compare with.
    """
    unstorable = _UNSTORABLE.search(name)
    if unstorable is None:
        return name + "\x01"
    return name[: unstorable.start()] + ("\x01" if unstorable[0] == "\0" else "\ue000")


def name_range(beginning: str) -> tuple[str, str]:
    """The least text that has this beginning, and one above every name that has; for a database that orders by code.

    Args:
        beginning: of names, which can be stored itself; or empty.
    """
    stem = beginning.rstrip("\U0010ffff")
    if not stem:
        return beginning, _ABOVE_ALL
    last = ord(stem[-1]) + 1
    return beginning, stem[:-1] + ("\ue000" if last == 0xD800 else chr(last))


def plain(name: str) -> str:
    """*name* as a plain `str`, which stores keep and give back: a `StreamName` is one of its own kind."""
    return str.__str__(name)


class StreamName(str):
    """A stream's name: `category-id`. It is a `str` and goes wherever one does.

    Args:
        category: what kind of thing the stream is about; has no hyphen.
        id: which one; anything.

    Raises:
        InvalidStreamName: the category is empty or has a hyphen, the id is empty or no text, or the whole cannot be
            stored.
    """

    __slots__ = ()

    def __new__(cls, category: str, id: str) -> Self:
        """Join *category* and *id*."""
        if not category or "-" in category:
            raise InvalidStreamName(f"{category}-{id}", "a category is not empty and has no hyphen")
        if flaw := id_flaw(id):
            raise InvalidStreamName(f"{category}-{id!s:.80}", f"the id {flaw}")
        name = super().__new__(cls, f"{category}-{id}")
        check_stream(name)
        return name

    def __reduce__(self) -> tuple[type[StreamName], tuple[str, str]]:
        return StreamName, (self.category, self.id)

    @property
    def category(self) -> str:
        """The part before the first hyphen."""
        return category_of(self)

    @property
    def id(self) -> str:
        """The part after the first hyphen."""
        return id_of(self)

"""What callers without types may hand in where a number, a text, a list of texts, a time or an object belongs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TypeGuard, cast

__all__ = [
    "are_texts",
    "call_flaw",
    "clock_flaw",
    "has_methods",
    "id_flaw",
    "is_bool",
    "is_count",
    "is_number",
    "is_whole",
    "moment_flaw",
    "said",
    "texts_flaw",
    "utc_flaw",
]


def is_bool(given: object) -> bool:
    """Whether *given* is True or False."""
    return isinstance(given, bool)


def is_number(given: object) -> TypeGuard[float]:
    """Whether *given* is a number that a float can hold, which True is not."""
    if not isinstance(given, int | float) or isinstance(given, bool):
        return False
    try:
        float(given)
    except OverflowError:
        return False
    return True


def is_whole(given: object) -> TypeGuard[int]:
    """Whether *given* is a whole number, which True is not."""
    return isinstance(given, int) and not isinstance(given, bool)


def is_count(given: object) -> bool:
    """Whether *given* is a whole number from 1."""
    return is_whole(given) and given >= 1


def are_texts(given: object) -> bool:
    """Whether *given* is a collection of texts, which one text is not."""
    if isinstance(given, str | bytes) or not isinstance(given, Collection):
        return False
    return all(isinstance(one, str) for one in cast("Collection[object]", given))


def texts_flaw(word: str, given: object, what: str) -> str | None:
    """Why *given* is no list of texts; None when it is one.

    Args:
        word: the argument, as a caller writes it.
        what: the texts are, in the plural.
    """
    if isinstance(given, str):
        return f"{word}={given!r:.80} is one text; give a list of {what}, {word}=[{given!r:.80}]"
    return None if are_texts(given) else f"{word}={given!r:.80}; give a list of {what}"


def id_flaw(given: object) -> str | None:
    """Why *given* is no id of an aggregate; None when it is a text."""
    if not isinstance(given, str):
        return f"is a {type(given).__name__}, {given!r:.80}; give a text, like str(...) of it"
    return None if given else "is empty"


def has_methods(given: object, *names: str) -> bool:
    """Whether *given* is an object, and no class, with methods of these names."""
    return not isinstance(given, type) and all(callable(getattr(given, name, None)) for name in names)


def call_flaw(given: object, wanted: str) -> str | None:
    """Why *given* is no function; None when it can be called.

    Args:
        wanted: what to give instead.
    """
    return None if callable(given) else f"{given!r:.80} is no function; give {wanted}"


def clock_flaw(given: object) -> str | None:
    """Why *given* is no clock; None when it is one, or left out."""
    if given is None or has_methods(given, "now"):
        return None
    return f"clock={given!r:.80}; give a Clock, an object with now()"


def said(given: object) -> str:
    """*given* as an error says it; Python writes no whole number of thousands of digits."""
    try:
        return f"{given!r:.80}"
    except ValueError:
        return f"a huge {type(given).__name__}"


def moment_flaw(given: object) -> str | None:
    """Why *given* is no moment; None when it is a time with a zone."""
    if not isinstance(given, datetime):
        return f"{given!r:.80} is no datetime; give one with a zone, as in datetime(2026, 3, 31, tzinfo=UTC)"
    if given.utcoffset() is None:
        return f"{given.isoformat()} has no zone; give one, as in datetime(2026, 3, 31, tzinfo=UTC)"
    return None


def utc_flaw(given: object) -> str | None:
    """Why *given* is no moment that UTC has a date for, which are those of the years 1 to 9999; None when it is one."""
    if not isinstance(given, datetime) or given.utcoffset() is None:
        return moment_flaw(given)
    try:
        given.astimezone(UTC)
    except OverflowError:
        return f"{given.isoformat()} is not in the years 1 to 9999 of UTC; give a moment that is"
    return None

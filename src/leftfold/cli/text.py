"""Text that a terminal may show, and JSON text on one line."""

from __future__ import annotations

import msgspec

__all__ = ["counted", "json_text", "one_line", "pretty", "printable", "unbroken"]


def counted(count: int, word: str) -> str:
    """*count* things of a kind that *word* is for one of: `1 finding`, `2 findings`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def printable(text: str, *, keep: str = "") -> str:
    """*text* with everything escaped that would steer a terminal or hide in it.

    Args:
        keep: characters to leave as they are, a newline for instance.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode() for char in text
    )


def unbroken(text: str) -> str:
    """*text* on one line."""
    return text.replace("\n", " ")


def json_text(value: object) -> str:
    """A plain value as JSON text that a terminal may show."""
    return printable(msgspec.json.encode(value).decode())


def one_line(data: bytes) -> bytes:
    """JSON text without line breaks; numbers, key order and escapes stay as they are.

    Raises:
        msgspec.DecodeError: *data* is not JSON text.
    """
    # Inside JSON text a bare line break can only be white space between two values.
    return msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data


def pretty(data: bytes) -> str:
    """JSON text as a person reads it, two spaces a level; raises `msgspec.DecodeError` when it is none."""
    return msgspec.json.format(data, indent=2).decode()

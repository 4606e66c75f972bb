"""What is known of the formats of strings: what certainly fits, what certainly does not, and how long they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

__all__ = ["FORMATS", "LENGTHS", "fits"]

FORMATS: Final[Mapping[str, tuple[str, ...]]] = {
    "date-time": ("2000-01-01T00:00:00Z", "2010-12-31T23:59:58.5+01:00"),
    "date": ("2000-01-01", "2010-12-31"),
    "time": ("00:00:00Z", "23:59:58.5+01:00"),
    "duration": ("P1D", "PT2H"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "12345678-1234-4234-8234-123456789abc"),
    "uri": ("https://example.org/", "urn:example:a"),
    "uri-reference": ("a", "https://example.org/"),
    "iri": ("https://example.org/", "urn:example:a"),
    "iri-reference": ("a", "https://example.org/"),
    "email": ("a@example.org", "b@example.org"),
    "idn-email": ("a@example.org", "b@example.org"),
    "hostname": ("example.org", "a"),
    "idn-hostname": ("example.org", "a"),
    "ipv4": ("192.0.2.1", "10.0.0.1"),
    "ipv6": ("::1", "2001:db8::1"),
    "json-pointer": ("", "/a"),
    "relative-json-pointer": ("0", "1/a"),
    "regex": ("a", "^b$"),
    "decimal": ("0", "1.5", "12345678901234567890"),
    "local-date-time": ("2000-01-01T00:00:00", "2010-12-31T23:59:58.5"),
    "partial-time": ("00:00:00", "23:59:58.5"),
}
"""The known formats, and strings that fit each. Only schemas of messages say the last three: Decimals, no zones."""

LENGTHS: Final[Mapping[str, tuple[int, int | None]]] = {
    "date-time": (20, None),
    "date": (10, 10),
    "time": (9, None),
    "duration": (3, None),
    "uuid": (36, 36),
    "email": (3, None),
    "ipv4": (7, 15),
    "ipv6": (2, 45),
    "decimal": (1, None),
    "local-date-time": (19, None),
    "partial-time": (8, None),
}
"""The fewest and the most characters of a string that fits; None for no end."""

# Formats whose every fitting string matches; what matches mostly fits.
_SHAPES: Final = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "date-time": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
        "local-date-time": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?",
        "date": r"\d{4}-\d\d-\d\d",
        "time": r"\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
        "partial-time": r"\d\d:\d\d:\d\d(\.\d+)?",
        "duration": r"[Pp][0-9A-Za-z.]+",
        "uuid": r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        "email": r"[^\s]+@[^\s]+",
        "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]*",
        "iri": r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]*",
        "hostname": r"[A-Za-z0-9.-]+",
        "ipv4": r"\d{1,3}(\.\d{1,3}){3}",
        "ipv6": r"[0-9A-Fa-f:.]{2,45}",
        "json-pointer": r"(/[^/]*)*",
        "relative-json-pointer": r"\d+(#|(/[^/]*)*)",
        "uri-reference": r"[^\s]*",
        "decimal": r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(?i:inf|infinity|s?nan\d*)",
    }.items()
}
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def fits(format: str, text: str) -> bool | None:
    """Whether *text* is of *format*; None when that is not certain.

    Readers differ in what they take of a format at its edges: certain is only what none takes, and what all do.
    """
    if text in FORMATS.get(format, ()):
        return True
    shape = _SHAPES.get(format)
    if shape is None:
        return None
    if not shape.fullmatch(text):
        return False
    match format:
        case "uuid":
            return True
        case "date":
            return _is_date(text)
        case "decimal" if _NUMBER.fullmatch(text):
            return True
        case _:
            return None


def _is_date(text: str) -> bool | None:
    if text.startswith("0000"):
        return None  # a year that not all calendars have
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

"""Values of attributes as values of HTTP headers, percent-encoded, and back."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["read_header_value", "write_header_value"]

_PLAIN: Final = re.compile(r"[!#$&-~]*")
_TO_ENCODE: Final = re.compile(r"[^!#$&-~]+")
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPED: Final = re.compile(r"\\(.)")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_DAMAGED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e\t]")


def write_header_value(text: str) -> str:
    """Write the text of an attribute as the value of a header: printable ASCII, without spaces and double quotes.

    Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.1.3.2.
    """
    if _PLAIN.fullmatch(text):
        return text
    return _TO_ENCODE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), text)


def read_header_value(value: str) -> str:
    """The text of the attribute that the *value* of a header stands for.

    A value in double quotes, as earlier versions of the specification had it, is taken out of them. Percent-encoding
    is undone once, wherever it is, needed or not.

    Args:
        value: of one header; each character stands for one byte.

    Raises:
        ValueError: the value is no such encoding; the message says why.

    Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.1.3.2; RFC 7230, section 3.2.6.
    """
    value = value.strip(" \t")
    if found := _NOT_ASCII.search(value):
        raise ValueError(f"its header holds U+{ord(found.group()):04X} as it is; percent-encode it, in UTF-8")
    if '"' in value:
        if not _QUOTED.fullmatch(value):
            raise ValueError("its header has a double quote that is not around the whole value; percent-encode it")
        value = _ESCAPED.sub(r"\1", value[1:-1])
    if found := _DAMAGED.search(value):
        raise ValueError(f"its header has a percent sign at {found.start()} (counted from 0) without two hex digits")
    return _ENCODED.sub(_decoded, value)


def _decoded(found: re.Match[str]) -> str:
    data = bytes.fromhex(found.group().replace("%", ""))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"its header percent-encodes {found.group():.40}, which is no UTF-8") from error

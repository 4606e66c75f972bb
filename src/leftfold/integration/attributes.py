"""What an attribute of a CloudEvent may be: its name, and the text of each kind of value."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CORE", "attribute_name_flaw", "declares_json", "media_type_flaw", "reference_flaw", "text_flaw", "uri_flaw"]

CORE: Final = ("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema")
"""The attributes that the specification itself defines; every other one is an extension."""

_NAME: Final = re.compile(r"[a-z0-9]+")

_NONCHARACTERS: Final = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_FORBIDDEN: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_MEDIA_TYPE: Final = re.compile(rf"{_WORD}/{_WORD}(?: *; *{_WORD}=(?:{_WORD}|{_QUOTED}))*")
_JSON: Final = re.compile(r"[^/]+/(?:[^/]+\+)?json", re.IGNORECASE)

# RFC 3986, appendix A.
_ENCODED: Final = "%[0-9A-Fa-f]{2}"
_PLAIN: Final = r"A-Za-z0-9._~!$&'()*+,;=\-"
_PCHAR: Final = f"(?:[{_PLAIN}:@]|{_ENCODED})"
_HOST: Final = rf"(?:\[(?P<literal>[^\[\]]*)\]|(?:[{_PLAIN}]|{_ENCODED})*)"
_AUTHORITY: Final = rf"//(?:(?:[{_PLAIN}:]|{_ENCODED})*@)?{_HOST}(?::[0-9]*)?(?:/{_PCHAR}*)*"
_ABSOLUTE_PATH: Final = rf"/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?"
_ROOTLESS: Final = rf"{_PCHAR}+(?:/{_PCHAR}*)*"
_NO_SCHEME: Final = rf"(?:[{_PLAIN}@]|{_ENCODED})+(?:/{_PCHAR}*)*"
_QUERY: Final = rf"(?:\?(?:{_PCHAR}|[/?])*)?"
_FRAGMENT: Final = rf"(?:#(?:{_PCHAR}|[/?])*)?"
_SCHEME: Final = "[A-Za-z][A-Za-z0-9+.-]*:"
_ABSOLUTE: Final = re.compile(rf"{_SCHEME}(?:{_AUTHORITY}|{_ABSOLUTE_PATH}|{_ROOTLESS}|){_QUERY}")
_URI: Final = re.compile(_ABSOLUTE.pattern + _FRAGMENT)
_RELATIVE: Final = re.compile(rf"(?:{_AUTHORITY}|{_ABSOLUTE_PATH}|{_NO_SCHEME}|){_QUERY}{_FRAGMENT}")
_FUTURE: Final = re.compile(rf"v[0-9A-Fa-f]+\.[{_PLAIN}:]+", re.IGNORECASE)


def attribute_name_flaw(name: str) -> str | None:
    """Why *name* cannot be the name of an attribute, or None when it can.

    Names of more than 20 characters are advised against, and taken.

    Source: CloudEvents 1.0.2, Naming Conventions.
    """
    if not _NAME.fullmatch(name):
        return "is no name of an attribute; use lower-case letters a-z and digits only"
    return "is a name that is reserved for the content of the event; rename the attribute" if name == "data" else None


def text_flaw(text: str) -> str | None:
    """Why *text* cannot be the value of an attribute, or None when it can.

    Source: CloudEvents 1.0.2, Type System, String.
    """
    if text.isascii() and text.isprintable():
        return None
    found = _FORBIDDEN.search(text)
    if found is None:
        return None
    code = ord(found.group())
    kind = (
        "a lone surrogate" if 0xD800 <= code <= 0xDFFF else "a noncharacter" if code > 0xFF else "a control character"
    )
    return f"holds {kind}, U+{code:04X}, at character {found.start()} (counted from 0); take it out"


def reference_flaw(text: str) -> str | None:
    """Why *text* is no URI-reference that says something, or None when it is one.

    Source: RFC 3986, section 4.1 and appendix A.
    """
    if not text:
        return "is empty; give a URI-reference, like https://example.com/orders or /orders"
    found = _URI.fullmatch(text) or _RELATIVE.fullmatch(text)
    if found is None:
        return f"{text!r:.80} is no URI-reference; percent-encode what a URI may not hold, like spaces or non-ASCII"
    return _literal_flaw(found.group("literal"))


def uri_flaw(text: str) -> str | None:
    """Why *text* is no absolute URI, or None when it is one; an absolute URI has a scheme and no fragment.

    Source: RFC 3986, section 4.3 and appendix A.
    """
    if not text:
        return "is empty; give an absolute URI, like https://example.com/schemas/order-placed, or leave it out"
    found = _ABSOLUTE.fullmatch(text)
    if found is not None:
        return _literal_flaw(found.group("literal"))
    if _URI.fullmatch(text):
        return f"{text!r:.80} has a fragment, which an absolute URI has not; leave out what begins with #"
    return f"{text!r:.80} is no absolute URI; give one with its scheme, like https://example.com/schemas/order-placed"


def media_type_flaw(text: str) -> str | None:
    """Why *text* is no media type, or None when it is one.

    Source: RFC 2045, section 5.1.
    """
    if _MEDIA_TYPE.fullmatch(text):
        return None
    return f"{text!r:.80} is no media type; give one like application/json, with its parameters after semicolons"


def declares_json(datacontenttype: str | None) -> bool:
    """Whether content of this type is JSON: `*/json` and `*/*+json`, and what names no type.

    Source: CloudEvents 1.0.2, JSON event format, section 3.1.1.
    """
    if datacontenttype is None:
        return True
    return _JSON.fullmatch(datacontenttype.partition(";")[0].strip()) is not None


def _literal_flaw(literal: str | None) -> str | None:
    """Why what stands in brackets as the host is no address, if so."""
    if literal is None or _FUTURE.fullmatch(literal):
        return None
    from ipaddress import IPv6Address  # hardly any source has one

    try:
        IPv6Address(literal)
    except ValueError as error:
        return f"its host [{literal:.80}] is no IPv6 address: {error}; mend it, or give a name"
    return "its host has a zone, which a URI may not hold; leave it out" if "%" in literal else None

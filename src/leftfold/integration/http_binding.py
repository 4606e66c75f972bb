"""CloudEvents as HTTP messages, in all three content modes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import ascii_lowercase, ascii_uppercase
from typing import Final, cast

from msgspec import Struct

from leftfold.errors import InvalidCloudEvent, TooLarge
from leftfold.integration.attributes import attribute_name_flaw
from leftfold.integration.cloud_event import CloudEvent, ExtensionValue
from leftfold.integration.header_values import read_header_value, write_header_value
from leftfold.integration.structured import (
    BATCH_TYPE,
    MAX_BATCH_BYTES,
    MAX_CLOUD_EVENT_BYTES,
    STRUCTURED_TYPE,
    check_event,
    event_of,
    hold_to_bytes,
    read_batch,
    read_structured,
)

__all__ = ["HttpMessage", "read_binary", "read_http", "write_binary"]

_PREFIX: Final = "ce-"
_CONTENT_TYPE: Final = "content-type"
_ANY_MODE: Final = "application/cloudevents"
# Only these letters of a name have cases; the sign of Kelvin, U+212A, is no k.
_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_CHARSET: Final = re.compile(r';\s*charset\s*=\s*"?([^\s";]+)', re.IGNORECASE)
_TEXT_IN: Final = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "latin-1"}


class HttpMessage(Struct, frozen=True):
    """What of an HTTP request or response carries a CloudEvent.

    Args:
        headers: names in lower case, and values.
        body: the bytes of the content; empty for none.
    """

    headers: tuple[tuple[str, str], ...]
    body: bytes


def write_binary(event: CloudEvent) -> HttpMessage:
    """Write *event* in binary mode: an attribute a header, the content as the body.

    Headers hold text only, so a Boolean or an Integer is read again as its text, and text content as its bytes. JSON
    content without a type gets `application/json` as its type, as the specification asks. An empty body is read as no
    content.

    Raises:
        InvalidCloudEvent: text content that the charset of its type cannot hold, or of a charset that is not known.

    Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.1.
    """
    check_event(event)
    attributes = event.attributes()
    declared = attributes.pop("datacontenttype", None)
    if declared is None and event.data is not None:
        declared = "application/json"
    headers = [(f"{_PREFIX}{name}", write_header_value(_canonical(value))) for name, value in attributes.items()]
    if declared is not None:
        headers.append((_CONTENT_TYPE, str(declared)))
    return HttpMessage(tuple(headers), _body(event))


def read_binary(headers: Iterable[tuple[str, str]], body: bytes, *, limit: int = MAX_CLOUD_EVENT_BYTES) -> CloudEvent:
    """Read a message in binary mode.

    Nothing is filled in. Headers that do not begin with `ce-` are none of the event, but for `content-type`.

    Args:
        headers: names, in any case, and values, as pairs, so that none hides another; each character of a value
            stands for one byte.
        body: the content; empty for none. It is kept as bytes, whatever the type says.
        limit: bytes that *body* and the headers of the event may have together.

    Raises:
        InvalidCloudEvent: the message breaks a rule of the specification; the error names the attribute.
        TooLarge: the message has more bytes than *limit*.

    Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.1.
    """
    found = _distinct(_pairs(headers))
    hold_to_bytes(body)
    size = len(body) + sum(len(name) + len(value) for name, value in found.items())
    if size > limit:
        raise TooLarge("the message, in bytes,", size, limit, "MAX_CLOUD_EVENT_BYTES")
    declared = found.pop(_CONTENT_TYPE, None)
    if declared is not None and declared.lower().startswith(_ANY_MODE):
        raise InvalidCloudEvent(
            "datacontenttype", f"{declared!r:.80} says that the event is in the body; use read_http or read_structured"
        )
    attributes = {name: _read_attribute(name, value) for name, value in found.items()}
    if declared is not None:
        attributes["datacontenttype"] = declared
    return event_of(attributes, body or None)


def read_http(headers: Iterable[tuple[str, str]], body: bytes) -> tuple[CloudEvent, ...]:
    """Read a message in the mode that its content type names: structured, a batch, or else binary.

    Args:
        headers: see `read_binary`; in the other two modes only `content-type` is looked at.
        body: of the message.

    Returns:
        The events, in their order; one, unless it is a batch.

    Raises:
        InvalidCloudEvent: the message breaks a rule of the specification, or is in a format other than JSON.
        TooLarge: it is above `MAX_CLOUD_EVENT_BYTES`, or `MAX_BATCH_BYTES` for a batch.

    Source: CloudEvents 1.0.2, HTTP protocol binding, section 3.
    """
    pairs = _pairs(headers)
    declared = [value.strip(" \t") for name, value in pairs if name.lower() == _CONTENT_TYPE]
    if len(declared) != 1 or not declared[0].lower().startswith(_ANY_MODE):
        return (read_binary(pairs, body),)
    kind, charset = declared[0].partition(";")[0].strip().lower(), _CHARSET.search(declared[0])
    if charset is not None and charset.group(1).lower() not in {"utf-8", "utf8"}:
        raise InvalidCloudEvent(None, f"is in {charset.group(1)!r:.40}; JSON is written in UTF-8")
    match kind:
        case _ if kind == STRUCTURED_TYPE:
            return (read_structured(body, limit=MAX_CLOUD_EVENT_BYTES),)
        case _ if kind == BATCH_TYPE:
            return read_batch(body, limit=MAX_BATCH_BYTES)
        case _:
            raise InvalidCloudEvent(
                None, f"is {kind!r:.80}; only {STRUCTURED_TYPE}, {BATCH_TYPE} and binary mode are read here"
            )


def _canonical(value: ExtensionValue) -> str:
    """The text that stands for *value* where there are no types."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(event: CloudEvent) -> bytes:
    if not isinstance(event.data, str):
        return event.data or b""
    charset = _CHARSET.search(event.datacontenttype or "")
    name = "utf-8" if charset is None else charset.group(1).lower()
    if name not in _TEXT_IN:
        raise InvalidCloudEvent("datacontenttype", f"has charset {name!r:.40}; give the content as bytes instead")
    try:
        return event.data.encode(_TEXT_IN[name])
    except UnicodeEncodeError as error:
        raise InvalidCloudEvent("data", f"cannot be written in {name}: {error}; use charset=utf-8") from error


def _pairs(headers: object) -> tuple[tuple[str, str], ...]:
    """*headers* as they are to be given.

    Raises:
        InvalidCloudEvent: they are no pairs of texts.
    """
    found = tuple(cast("Iterable[object]", headers)) if isinstance(headers, Iterable) else (headers,)
    for one in found:
        pair = cast("tuple[object, ...]", one) if isinstance(one, tuple | list) else ()
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            reason = "has headers that are no pairs of texts; give them as headers.items() has them, bytes as latin-1"
            raise InvalidCloudEvent(None, reason)
    return cast("tuple[tuple[str, str], ...]", found)


def _distinct(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for given, value in headers:
        header = given.translate(_LOWER)
        if header != _CONTENT_TYPE and not header.startswith(_PREFIX):
            continue
        name = header.removeprefix(_PREFIX)
        if name == "datacontenttype":
            raise InvalidCloudEvent(name, f"is in the header {given!r:.40}; it is written as {_CONTENT_TYPE} only")
        if flaw := None if header == _CONTENT_TYPE else attribute_name_flaw(name):
            raise InvalidCloudEvent(name, flaw)
        if name in found:
            label = "datacontenttype" if name == _CONTENT_TYPE else name
            raise InvalidCloudEvent(label, f"its header {given!r:.40} is there twice; write it once")
        found[name] = value.strip(" \t")
    return found


def _read_attribute(name: str, value: str) -> ExtensionValue:
    try:
        return read_header_value(value)
    except ValueError as error:
        raise InvalidCloudEvent(name, str(error)) from error

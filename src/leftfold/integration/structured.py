"""CloudEvents as JSON: one, or a batch of them, attributes and content together."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

import msgspec

from leftfold.errors import InvalidCloudEvent, InvalidInput, TooLarge
from leftfold.integration.attributes import CORE, attribute_name_flaw, declares_json
from leftfold.integration.cloud_event import CloudEvent, ExtensionValue
from leftfold.integration.json_text import Fraction, Members, Whole, members_of
from leftfold.integration.timestamps import read_timestamp

__all__ = [
    "BATCH_TYPE",
    "MAX_BATCH_BYTES",
    "MAX_CLOUD_EVENT_BYTES",
    "STRUCTURED_TYPE",
    "check_event",
    "event_of",
    "hold_to_bytes",
    "read_batch",
    "read_structured",
    "write_batch",
    "write_structured",
]

STRUCTURED_TYPE: Final = "application/cloudevents+json"
"""Media type of one CloudEvent as JSON."""

BATCH_TYPE: Final = "application/cloudevents-batch+json"
"""Media type of a batch of CloudEvents as JSON."""

MAX_CLOUD_EVENT_BYTES: Final = 1024 * 1024
"""Bytes of one CloudEvent that is read, unless the reader names another limit."""

MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a batch of CloudEvents that is read, unless the reader names another limit."""

_REQUIRED: Final = ("specversion", "id", "source", "type")
_CONTENT: Final = frozenset({"data", "data_base64"})
_INTEGER_DIGITS: Final = 11
_encode: Final = msgspec.json.Encoder().encode
_raw_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_raw_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


def write_structured(event: CloudEvent) -> bytes:
    """Write *event* as a JSON object in UTF-8, of media type `application/cloudevents+json`.

    JSON content is the member `data`, byte for byte; text is `data` as a JSON string; other bytes are `data_base64`.

    Source: CloudEvents 1.0.2, JSON event format, section 3.
    """
    return _encode(_members(event))


def write_batch(events: Iterable[CloudEvent]) -> bytes:
    """Write *events* as a JSON array in UTF-8, in their order, of media type `application/cloudevents-batch+json`.

    Source: CloudEvents 1.0.2, JSON event format, section 4.
    """
    if not isinstance(cast("object", events), Iterable):
        raise InvalidInput(f"{events!r:.80} is no list of CloudEvents; write one event by write_structured")
    return _encode([_members(event) for event in events])


def read_structured(body: bytes, *, limit: int = MAX_CLOUD_EVENT_BYTES) -> CloudEvent:
    """Read what `write_structured`, or any other writer of the format, wrote.

    Nothing is filled in, and nothing is passed over: an attribute that is not known is an extension and kept. `null`
    stands for an attribute that is left out, and for JSON content that is null.

    Args:
        body: one JSON object, in UTF-8.
        limit: bytes that *body* may have.

    Raises:
        InvalidCloudEvent: *body* breaks a rule of the specification; the error names the attribute.
        TooLarge: *body* has more bytes than *limit*.

    Source: CloudEvents 1.0.2, JSON event format, section 3.
    """
    _check_size(body, limit, "MAX_CLOUD_EVENT_BYTES")
    return _read(body)


def read_batch(body: bytes, *, limit: int = MAX_BATCH_BYTES) -> tuple[CloudEvent, ...]:
    """Read a batch, in its order; all of it or nothing. It may be empty.

    Args:
        body: a JSON array of CloudEvents, in UTF-8.
        limit: bytes that *body* may have.

    Raises:
        InvalidCloudEvent: one of them breaks a rule of the specification; the error names its place and the attribute.
        TooLarge: *body* has more bytes than *limit*.

    Source: CloudEvents 1.0.2, JSON event format, section 4.
    """
    _check_size(body, limit, "MAX_BATCH_BYTES")
    try:
        body.decode()
        items = _raw_items(body)
    except (ValueError, RecursionError) as error:
        raise InvalidCloudEvent(None, f"the batch is no JSON array in UTF-8 ({error}); mend its writer") from error
    return tuple(_read_item(bytes(item), index) for index, item in enumerate(items))


def event_of(attributes: dict[str, ExtensionValue], data: bytes | str | None) -> CloudEvent:
    """The event with these *attributes*, each as JSON has it, and nothing added.

    Raises:
        InvalidCloudEvent: one that is required is missing, or one breaks a rule.
    """
    if missing := [name for name in _REQUIRED if name not in attributes]:
        raise InvalidCloudEvent(missing[0], "is missing; every CloudEvent names it, and it is never made up")
    texts = {name: _text(name, attributes[name]) for name in CORE if name in attributes}
    time, exact = _time(texts.get("time"))
    return CloudEvent(
        id=texts["id"],
        source=texts["source"],
        type=texts["type"],
        specversion=texts["specversion"],
        time=time,
        exact_time=exact,
        subject=texts.get("subject"),
        datacontenttype=texts.get("datacontenttype"),
        dataschema=texts.get("dataschema"),
        data=data,
        extensions={name: value for name, value in attributes.items() if name not in CORE},
    )


def check_event(given: object) -> None:
    """Raise `InvalidInput` unless *given* can be written."""
    if not isinstance(given, CloudEvent):
        raise InvalidInput(f"{given!r:.80} is no CloudEvent; make one, as cloud_event_of does")


def _members(event: CloudEvent) -> dict[str, object]:
    check_event(event)
    members: dict[str, object] = dict(event.attributes())
    match event.data:
        case None:
            pass
        case str(text):
            members["data"] = text
        case data if event.is_json:
            members["data"] = msgspec.Raw(data)
        case data:
            members["data_base64"] = b64encode(data).decode()
    return members


def hold_to_bytes(body: object) -> None:
    """See that *body* is bytes.

    Raises:
        InvalidCloudEvent: it is not.
    """
    if not isinstance(body, bytes | bytearray):
        raise InvalidCloudEvent(None, f"has a body that is a {body.__class__.__name__}; give it as bytes")


def _check_size(body: bytes, limit: int, name: str) -> None:
    hold_to_bytes(body)
    if len(body) > limit:
        raise TooLarge("the body, in bytes,", len(body), limit, name)


def _read_item(item: bytes, index: int) -> CloudEvent:
    try:
        return _read(item)
    except InvalidCloudEvent as error:
        raise InvalidCloudEvent(error.attribute, error.reason, index) from error


def _read(body: bytes) -> CloudEvent:
    members = members_of(body)
    attributes: dict[str, ExtensionValue] = {}
    for name, value in members.items():
        if name in _CONTENT:
            continue
        if (said := _value(name, value)) is not None:
            attributes[name] = said
        elif flaw := attribute_name_flaw(name):
            raise InvalidCloudEvent(name, flaw)
    return event_of(attributes, _data(body, members, attributes))


def _value(name: str, value: object) -> ExtensionValue | None:
    if type(value) is str:  # nearly always, and quicker than to go through all that it may be
        return value
    match value:
        case Whole() if len(value) <= _INTEGER_DIGITS:
            return int(value)
        case Whole():
            raise InvalidCloudEvent(name, "is an integer of more than 32 bits; write it as text")
        case Fraction():
            raise InvalidCloudEvent(name, f"is {value:.80}, no whole number; write it as text")
        case None | bool():
            return value
        case _:
            kind = "object" if isinstance(value, Members) else "array"
            raise InvalidCloudEvent(name, f"is a JSON {kind}; an attribute is a Boolean, an Integer or text")


def _text(name: str, value: ExtensionValue) -> str:
    if not isinstance(value, str):
        raise InvalidCloudEvent(name, f"is a {value.__class__.__name__}; write it as text")
    return value


def _time(text: str | None) -> tuple[datetime | None, str | None]:
    if text is None:
        return None, None
    try:
        return read_timestamp(text)
    except ValueError as error:
        raise InvalidCloudEvent("time", str(error)) from error


def _data(body: bytes, members: dict[str, object], attributes: dict[str, ExtensionValue]) -> bytes | str | None:
    encoded = members.get("data_base64")
    if encoded is not None:
        if "data" in members:
            raise InvalidCloudEvent("data", "is there beside data_base64; write one of them")
        return _decoded(encoded)
    if "data" not in members:
        return None
    declared = attributes.get("datacontenttype")
    if declares_json(declared if isinstance(declared, str) else None):
        return _raw(body)
    data = members["data"]
    if not isinstance(data, str) or isinstance(data, (Whole, Fraction)):
        raise InvalidCloudEvent("data", f"is no text, and {declared!r:.80} is not JSON; write text, or data_base64")
    return data


def _raw(body: bytes) -> bytes:
    try:
        return bytes(_raw_members(body)["data"])
    except (ValueError, RecursionError) as error:
        reason = f"is JSON that holds a lone surrogate, or is nested too deep ({error}); mend its writer"
        raise InvalidCloudEvent("data", reason) from error


def _decoded(encoded: object) -> bytes:
    if not isinstance(encoded, str) or isinstance(encoded, (Whole, Fraction)):
        raise InvalidCloudEvent("data_base64", "is no text; write the bytes as base64")
    try:
        data = b64decode(encoded, validate=True)
    except ValueError as error:
        raise InvalidCloudEvent("data_base64", f"is no base64 ({error}); mend its writer") from error
    if b64encode(data).decode() != encoded:
        raise InvalidCloudEvent("data_base64", "is base64 with stray bits at its end; mend its writer")
    return data

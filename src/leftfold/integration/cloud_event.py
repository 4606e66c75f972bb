"""CloudEvents: an event as it travels between systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import force_setattr

from leftfold.errors import InvalidCloudEvent
from leftfold.integration.attributes import (
    CORE,
    attribute_name_flaw,
    declares_json,
    media_type_flaw,
    reference_flaw,
    text_flaw,
    uri_flaw,
)
from leftfold.integration.json_text import checked_json
from leftfold.integration.timestamps import read_timestamp, time_flaw, write_timestamp, zoned

__all__ = ["SPECVERSION", "CloudEvent", "ExtensionValue"]

SPECVERSION: Final = "1.0"
"""The version of the specification that is written and read; no other is."""

ExtensionValue: TypeAlias = bool | int | str
"""What an extension may hold: a Boolean, an Integer of 32 bits, or text; a URI, a Timestamp and Binary are text."""

_LEAST, _MOST = -(2**31), 2**31 - 1


def _no_rule(_text: str) -> None:
    """Any text will do."""


class CloudEvent(Struct, frozen=True, kw_only=True):
    """An event as it travels between systems: immutable, and never anything that the specification forbids.

    Who reads it again gets an equal one, whatever the content mode, but for what binary mode cannot carry (see
    `write_binary`).

    Args:
        id: with *source*, unique for ever; not empty.
        source: the context it happened in: a URI-reference, not empty.
        type: what kind of event it is, beginning with a reversed domain name by custom; not empty.
        specversion: `1.0`.
        time: when it happened; aware, with an offset in whole minutes, which is kept.
        exact_time: the time as RFC 3339 text, when it says more than *time* can hold (see `read_timestamp`).
        subject: what it is about, within *source*; not empty.
        datacontenttype: media type of *data*; None is as `application/json`.
        dataschema: the schema of *data*: an absolute URI.
        data: the content: bytes in the form that *datacontenttype* declares, or text when that is not JSON. JSON is
            bytes, in UTF-8, and loses the white space around it. None for no content.
        extensions: any other attribute, by name; not to be changed.

    Raises:
        InvalidCloudEvent: a rule of the specification is broken; the error names the attribute.

    Source: CloudEvents 1.0.2 (CNCF, 2022).
    """

    id: str
    source: str
    type: str
    specversion: str = SPECVERSION
    time: datetime | None = None
    exact_time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    data: bytes | str | None = None
    extensions: Mapping[str, ExtensionValue] = {}

    def __post_init__(self) -> None:
        _check("id", self.id)
        _check("source", self.source, reference_flaw)
        _check("type", self.type)
        if self.specversion != SPECVERSION:
            raise InvalidCloudEvent("specversion", f"is {self.specversion!r:.80}; only {SPECVERSION!r} is read here")
        if self.subject is not None:
            _check("subject", self.subject)
        if self.datacontenttype is not None:
            _check("datacontenttype", self.datacontenttype, media_type_flaw)
        if self.dataschema is not None:
            _check("dataschema", self.dataschema, uri_flaw)
        self._check_time()
        self._check_data()
        # A copy, so that what was checked stays what is written.
        force_setattr(self, "extensions", _checked(self.extensions))

    @property
    def is_json(self) -> bool:
        """Whether *data* is JSON text, as *datacontenttype* says or leaves to be understood."""
        return declares_json(self.datacontenttype)

    def attributes(self) -> dict[str, ExtensionValue]:
        """Every attribute that has a value, by name, as JSON has it; those of the specification first."""
        found: dict[str, ExtensionValue | None] = {
            "specversion": self.specversion,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.exact_time or (None if self.time is None else write_timestamp(self.time)),
            "subject": self.subject,
            "datacontenttype": self.datacontenttype,
            "dataschema": self.dataschema,
        }
        return {name: value for name, value in found.items() if value is not None} | dict(self.extensions)

    def _check_time(self) -> None:
        if self.time is not None:
            if not isinstance(cast("object", self.time), datetime):
                raise InvalidCloudEvent("time", f"is a {self.time.__class__.__name__}, no datetime")
            if flaw := time_flaw(self.time):
                raise InvalidCloudEvent("time", flaw)
            force_setattr(self, "time", zoned(self.time))
        if self.exact_time is None:
            return
        try:
            said = read_timestamp(self.exact_time)
        except (TypeError, ValueError) as error:
            raise InvalidCloudEvent("time", f"its exact text: {error}") from error
        if said != (self.time, self.exact_time):
            raise InvalidCloudEvent(
                "time", f"its exact text {self.exact_time!r:.80} is not of this time, or says no more; leave it out"
            )

    def _check_data(self) -> None:
        data = self.data
        if data is None:
            return
        if not isinstance(cast("object", data), (bytes, str)):
            raise InvalidCloudEvent("data", f"is a {data.__class__.__name__}; give bytes, or text that is not JSON")
        if not self.is_json:
            if isinstance(data, str) and (flaw := _encoding_flaw(data)):
                raise InvalidCloudEvent("data", flaw)
            return
        if isinstance(data, str):
            raise InvalidCloudEvent("data", "is text, and JSON is meant; give JSON text as bytes, in UTF-8")
        force_setattr(self, "data", checked_json(data))


def _check(name: str, value: object, rule: Callable[[str], str | None] = _no_rule) -> None:
    if not isinstance(value, str):
        raise InvalidCloudEvent(name, f"is a {value.__class__.__name__}, no text")
    if not value:
        raise InvalidCloudEvent(name, "is empty; give it a value")
    if flaw := text_flaw(value) or rule(value):
        raise InvalidCloudEvent(name, flaw)


def _checked(extensions: object) -> dict[str, ExtensionValue]:
    if not isinstance(extensions, Mapping):
        raise InvalidCloudEvent("extensions", f"are a {extensions.__class__.__name__}, no mapping of names to values")
    found: dict[str, ExtensionValue] = {}
    for name, value in cast("Mapping[object, object]", extensions).items():
        if not isinstance(name, str):
            raise InvalidCloudEvent(repr(name), "its name is no text")
        if flaw := attribute_name_flaw(name):
            raise InvalidCloudEvent(name, flaw)
        if name in CORE:
            raise InvalidCloudEvent(name, "is no extension; give it as the field of its own that it has")
        found[name] = _extension_value(name, value)
    return found


def _extension_value(name: str, value: object) -> ExtensionValue:
    match value:
        case bool():
            return value
        case int():
            if not _LEAST <= value <= _MOST:
                raise InvalidCloudEvent(name, "is an integer of more than 32 bits; write it as text")
            return value
        case str():
            if flaw := text_flaw(value):
                raise InvalidCloudEvent(name, flaw)
            return value
        case _:
            kind = value.__class__.__name__
            raise InvalidCloudEvent(name, f"is a {kind}; an extension is a Boolean, an Integer or text")


def _encoding_flaw(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"holds a lone surrogate at character {error.start} (counted from 0); take it out"
    return None

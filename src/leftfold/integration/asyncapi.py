"""What a context sends and receives as a document of AsyncAPI 3.0."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from msgspec import Struct

from leftfold.integration.message_schemas import Schema, message_schema, type_schema
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import ConsumerView, viewed_by
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.schemas.forms import reader_form

__all__ = ["Speaker", "asyncapi_document"]

_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
_SPEC_VERSION: Final = "1.0"


class Speaker(Struct, frozen=True, kw_only=True):
    """A context, as far as others hear it.

    Args:
        name: of the context.
        purpose: in a sentence.
        team: who answers for it; empty when nobody has said.
        sends: classes of the events that it publishes, every version.
        hears: classes and views of what it follows of others.
        version: of the document; AsyncAPI asks for one.
    """

    name: str
    purpose: str = ""
    team: str = ""
    sends: Sequence[type[IntegrationEvent]] = ()
    hears: Sequence[type[IntegrationEvent | ConsumerView]] = ()
    version: str = "1.0.0"


def asyncapi_document(speaker: Speaker) -> Mapping[str, object]:
    """Describe *speaker*: a channel for each type of event, a message for each version of it.

    What it publishes is sent, what it follows is received. Messages are CloudEvents in binary mode: the attributes are
    headers, and the payload is the event, closed where it is sent and open where it is received. Payloads are JSON
    Schemas of 2020-12, each with its own `$defs`; a view says in `x-versions` which versions it reads.

    Returns:
        The document, decoded: channels, operations and messages sorted by name, so that it is the same from run to run.

    Source: AsyncAPI 3.0.0; CloudEvents 1.0.2, HTTP protocol binding, section 3.1 (binary mode).
    """
    names = [cls.__name__ for cls in speaker.hears]
    told = [_Told.sent(cls) for cls in speaker.sends]
    told += [_Told.heard(cls, alone=names.count(cls.__name__) == 1) for cls in speaker.hears]
    told.sort(key=lambda one: (one.name, one.action, one.message))
    types = list(dict.fromkeys(one.name for one in told))
    info: dict[str, object] = {"title": speaker.name, "version": speaker.version}
    if speaker.purpose:
        info["description"] = speaker.purpose
    if speaker.team:
        info["contact"] = {"name": speaker.team}
    return {
        "asyncapi": "3.0.0",
        "info": info,
        "defaultContentType": "application/json",
        "channels": {_key(type_): _channel(type_, [one for one in told if one.name == type_]) for type_ in types},
        "operations": {
            f"{action}.{_key(type_)}": _operation(action, type_, found)
            for type_ in types
            for action in ("receive", "send")
            if (found := [one for one in told if one.name == type_ and one.action == action])
        },
        "components": {"messages": {one.component: one.body for one in told}},
    }


class _Told(Struct, frozen=True):
    """One message: what it is of, and which way it goes."""

    name: str
    action: str
    message: str
    body: Mapping[str, object]

    @property
    def component(self) -> str:
        return f"{_key(self.name)}.{self.message}"

    @classmethod
    def sent(cls, event: type[IntegrationEvent]) -> _Told:
        said = declared(event)
        message = f"v{said.version}"
        body = _message(event.__name__, said.name, message, message_schema(event))
        return cls(said.name, "send", message, _versioned(body, said.version))

    @classmethod
    def heard(cls, event: type[IntegrationEvent | ConsumerView], *, alone: bool) -> _Told:
        message = _key(event.__name__ if alone else f"{event.__module__}.{event.__qualname__}")
        if issubclass(event, IntegrationEvent):
            said = declared(event)
            body = _message(event.__name__, said.name, message, _opened(event))
            return cls(said.name, "receive", message, _versioned(body, said.version))
        viewed = viewed_by(event)
        body = _message(event.__name__, viewed.type, message, _opened(event))
        return cls(viewed.type, "receive", message, {**body, "x-versions": str(viewed.versions)})


def _message(title: str, type_: str, message: str, schema: Schema) -> dict[str, object]:
    headers: dict[str, object] = {
        "ce-id": {"type": "string", "minLength": 1},
        "ce-source": {"type": "string", "minLength": 1},
        "ce-specversion": {"type": "string", "const": _SPEC_VERSION},
        "ce-type": {"type": "string", "const": type_},
        "ce-time": {"type": "string", "format": "date-time"},
    }
    required = ["ce-id", "ce-source", "ce-specversion", "ce-type"]
    here = f"#/components/messages/{_key(type_)}.{message}/payload/schema"
    plain = {key: part for key, part in schema.items() if key not in {"$id", "$schema"}}
    return {
        "name": type_,
        "title": title,
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers, "required": required},
        "payload": {"schemaFormat": _FORMAT, "schema": _referring(plain, here)},
    }


def _versioned(body: dict[str, object], version: int) -> Mapping[str, object]:
    headers = cast("dict[str, dict[str, object]]", body["headers"])
    said = {"ce-schemaversion": {"type": "string", "const": str(version)}}
    return {**body, "headers": {**headers, "properties": {**headers["properties"], **said}}, "x-version": version}


def _referring(value: object, here: str) -> object:
    """*value* with references into its own definitions from the root of the document that it stands in at *here*."""
    if isinstance(value, list):
        return [_referring(each, here) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, object]", value)
    ref = found.get("$ref")
    made = {key: _referring(part, here) for key, part in found.items()}
    return {**made, "$ref": ref.replace("#", here, 1)} if isinstance(ref, str) and ref.startswith("#") else made


def _channel(type_: str, told: Sequence[_Told]) -> Mapping[str, object]:
    messages = {one.message: {"$ref": f"#/components/messages/{one.component}"} for one in told}
    return {"address": type_, "messages": messages}


def _operation(action: str, type_: str, told: Sequence[_Told]) -> Mapping[str, object]:
    channel = f"#/channels/{_key(type_)}"
    messages = [{"$ref": f"{channel}/messages/{one.message}"} for one in told]
    return {"action": action, "channel": {"$ref": channel}, "messages": messages}


def _opened(event: type) -> Schema:
    opened = reader_form(type_schema(event))
    assert isinstance(opened, dict)  # noqa: S101 - the form of an object schema is one
    return opened


def _key(name: str) -> str:
    """*name* where AsyncAPI allows letters, digits, `.`, `_` and `-` alone; different for different names."""
    if _PLAIN.fullmatch(name):
        return name
    from hashlib import blake2b  # only names of other characters need it

    digest = blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', name):.80}.{digest}"

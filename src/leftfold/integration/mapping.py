"""Between integration events and CloudEvents."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, Generic, TypeVar, cast

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidCloudEvent, InvalidInput, UnknownMessageType, UnsupportedVersion
from leftfold.integration.cloud_event import CloudEvent, ExtensionValue
from leftfold.integration.format_checks import check_formats
from leftfold.integration.published_events import supported as listed
from leftfold.integration.timestamps import write_timestamp
from leftfold.messages.consumer_view import ConsumerView, ViewType, is_foreign, viewed_by
from leftfold.messages.event import event_name, event_version
from leftfold.messages.given import is_count, texts_flaw
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.values import ValueCodec

__all__ = ["Received", "cloud_event_of", "published_type", "received", "supported_version"]

_E_co = TypeVar("_E_co", bound=IntegrationEvent | ConsumerView, covariant=True)
_E = TypeVar("_E", bound=IntegrationEvent | ConsumerView)

# The first three are extensions that the specification documents; it has none for the version of a schema.
_CORRELATION: Final = "correlationid"
_CAUSATION: Final = "causationid"
_RECORDED: Final = "recordedtime"
_VERSION: Final = "schemaversion"

_COUNTED: Final = re.compile("[1-9][0-9]{0,9}")
_CLASSES: Final = 1024


class Received(Struct, Generic[_E_co], frozen=True, kw_only=True):
    """An integration event of another context, as it came in.

    Args:
        event: what it says, or what is read of it.
        metadata: the conversation it belongs to, and what caused it; `metadata.caused_by(cloud_event.id)` is that of
            what it leads to.
        cloud_event: all that it travelled with.
    """

    event: _E_co
    metadata: Metadata
    cloud_event: CloudEvent


def published_type(context: str, cls: type[IntegrationEvent]) -> str:
    """The type that events of *cls* travel under: their name, with `context.` before it unless it has a dot itself.

    Args:
        context: name of the context that publishes them, or a reversed domain name like `com.example.ordering`.
        cls: the class.
    """
    name = event_name(cls)
    return name if "." in name else f"{context}.{name}"


def cloud_event_of(
    recorded: RecordedEvent[object],
    *,
    source: str,
    type: str,
    subject: str | None = None,
    dataschema: str | None = None,
    id: str | None = None,
) -> CloudEvent:
    """The CloudEvent that tells others of what was recorded and published.

    It has the id of the recorded event, the time it occurred at, the event as JSON, and as extensions `schemaversion`
    (counted from 1), `recordedtime`, and, where they are known, `correlationid` and `causationid`. Who asked for it,
    its stream and its position stay inside.

    Args:
        recorded: an integration event, as `PublishedEvents` reads it.
        source: the context that publishes it: a URI-reference.
        type: see `published_type`.
        subject: what it is about: the key of its stream, for instance.
        dataschema: absolute URI of the schema of its fields.
        id: that of the recorded event when left out. Others take events of one source and id for one event: where
            several are published of one recorded event, give each its own, the same whenever it is sent again.

    Raises:
        InvalidCloudEvent: an attribute cannot be sent, or the event is no integration event.
        InvalidInput: *recorded* is no recorded event.
        InvalidPayload: a field of the event would not read back.
        DefinitionError: the class of the event has no exact JSON.

    Source: CloudEvents, documented extensions Correlation and Recorded Time.
    """
    if not isinstance(cast("object", recorded), RecordedEvent):
        raise InvalidInput(f"{recorded!r:.80} is no RecordedEvent; give one as PublishedEvents reads it from a log")
    event, metadata = recorded.event, recorded.metadata
    if not isinstance(event, IntegrationEvent):
        name = event.__class__.__qualname__
        raise InvalidCloudEvent("data", f"is a {name}, no IntegrationEvent; domain events never leave their context")
    cls = event.__class__
    extensions: dict[str, ExtensionValue | None] = {
        _VERSION: event_version(cls),
        _RECORDED: write_timestamp(recorded.recorded_at),
        _CORRELATION: metadata.correlation_id,
        _CAUSATION: metadata.causation_id,
    }
    return CloudEvent(
        id=str(recorded.id) if id is None else id,
        source=source,
        type=type,
        time=recorded.occurred_at,
        subject=subject,
        datacontenttype="application/json",
        dataschema=dataschema,
        data=_codec_of(cls).dump(event),
        extensions={name: value for name, value in extensions.items() if value is not None},
    )


def received(
    event: CloudEvent, cls: type[_E], *, unnamed: int | None = None, sources: Collection[str] | None = None
) -> Received[_E]:
    """Read the content of *event* as an integration event of *cls*, or what the view *cls* reads of it.

    Members that the class does not name are let be. A view says which type and versions it reads, and what it reads is
    held to its formats; for a class, `supported_version` tells.

    Args:
        event: as it was read.
        cls: the class, or the view.
        unnamed: with a view, the version of events that name none; None when such are refused.
        sources: whose events are taken; anybody's when left out.

    Raises:
        UnknownMessageType: the view is of another type.
        UnsupportedVersion: the view does not read this version; the error lists those that it does.
        InvalidCloudEvent: it has no content, or none that *cls* can hold; what was raised is kept as the cause. Or a
            view is to read it, and it names no version. Or its source is none of *sources*.
        InvalidInput: *event* is none, *unnamed* is no version, or *sources* are no texts, or one.
        DefinitionError: *cls* is no such class, or has no exact JSON.
    """
    _check_read(event, unnamed)
    if not isinstance(cast("object", cls), type) or not is_foreign(cls):
        raise DefinitionError(f"cls={cls!r:.80}; give the class of an integration event, or a view of one")
    if sources is not None and (flaw := texts_flaw("sources", sources, "sources")):
        raise InvalidInput(flaw)
    if sources is not None and event.source not in sources:
        known = ", ".join(sorted(sources)) or "nobody"
        raise InvalidCloudEvent("source", f"is {event.source!r:.80}, and events are taken of {known:.400} alone")
    is_view = isinstance(cls, ViewType)
    if is_view:
        _admit(event, cls, unnamed)
    if event.data is None or not event.is_json:
        said = "is missing" if event.data is None else f"is {event.datacontenttype!r:.80}, not JSON"
        raise InvalidCloudEvent("data", f"{said}; {cls.__qualname__} is read from JSON")
    try:
        content = _codec_of(cast("type", cls)).load(event.data)
        if is_view:
            check_formats(content)
    except Exception as error:  # a `__post_init__` may raise anything
        reason = f"is no {cls.__qualname__}: {error}. Ask its publisher, or read it with a class that fits"
        raise InvalidCloudEvent("data", reason) from error
    metadata = Metadata(correlation_id=_id_in(event, _CORRELATION), causation_id=_id_in(event, _CAUSATION))
    return Received(event=cast("_E", content), metadata=metadata, cloud_event=event)


def supported_version(
    event: CloudEvent, supported: Mapping[str, Collection[int]], *, unnamed: int | None = None
) -> int:
    """The version of the schema of *event*, counted from 1, if its type and that version are supported.

    Args:
        event: as it was read; its extension `schemaversion` names the version.
        supported: versions of each type that are.
        unnamed: the version of events that name none; None when such are refused.

    Raises:
        UnknownMessageType: the type is not supported.
        UnsupportedVersion: the type is, and this version of it is not.
        InvalidCloudEvent: the event names no version, and *unnamed* is None, or what it names is no version.
        InvalidInput: *event* is none, *unnamed* is no version, or *supported* does not name versions by type.
    """
    _check_read(event, unnamed)
    if not isinstance(cast("object", supported), Mapping):
        raise InvalidInput(f'supported={supported!r:.80}; give versions by type, as in {{"sales.sold": [1, 2]}}')
    versions = supported.get(event.type)
    if versions is None:
        raise UnknownMessageType(event.type, tuple(sorted(supported)))
    version = _version_in(event, unnamed)
    if not isinstance(cast("object", versions), Collection):
        raise InvalidInput(
            f"supported[{event.type!r:.80}]={versions!r:.80}; give a collection of versions, as in [1, 2]"
        )
    if version not in versions:
        raise UnsupportedVersion(event.type, version, tuple(sorted(versions)))
    return version


def _check_read(event: object, unnamed: object) -> None:
    if not isinstance(event, CloudEvent):
        raise InvalidInput(f"{event!r:.80} is no CloudEvent; read it first, as read_http does")
    if unnamed is not None and not is_count(unnamed):
        raise InvalidInput(f"unnamed={unnamed!r:.80}: versions are whole numbers and count from 1")


def _admit(event: CloudEvent, view: type, unnamed: int | None) -> None:
    viewed = viewed_by(view)
    if event.type != viewed.type:
        raise UnknownMessageType(event.type, (viewed.type,))
    version = _version_in(event, unnamed)
    if version not in viewed.versions:
        raise UnsupportedVersion(event.type, version, listed(viewed.versions))


@lru_cache(_CLASSES)
def _codec_of(cls: type) -> ValueCodec:
    name = viewed_by(cls).type if isinstance(cls, ViewType) else event_name(cls)
    return ValueCodec(cls, f"integration event {name!r}", "data")


def _id_in(event: CloudEvent, extension: str) -> str | None:
    value = event.extensions.get(extension)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise InvalidCloudEvent(extension, f"is {value!r}; it is text, and not empty")
    return value


def _version_in(event: CloudEvent, unnamed: int | None) -> int:
    value = event.extensions.get(_VERSION)
    if value is None:
        if unnamed is None:
            raise InvalidCloudEvent(_VERSION, "is missing; ask its publisher to name it, or say what version it means")
        return unnamed
    text = str(value)  # in binary mode all there is
    if isinstance(value, bool) or not _COUNTED.fullmatch(text):
        raise InvalidCloudEvent(_VERSION, f"is {value!r:.80}; versions are whole numbers and count from 1")
    return int(text)

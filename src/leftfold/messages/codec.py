"""Between event objects and the JSON text a store keeps, exactly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from leftfold.errors import DamagedPayload, DefinitionError, InvalidPayload, LeftfoldError
from leftfold.messages.chains import Rise
from leftfold.messages.flaws import Flaw, field_names, find_flaw, find_float, find_other, json_flaw
from leftfold.messages.holding import held
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.ordering import ordered
from leftfold.messages.registry import Registry
from leftfold.messages.shape import Shape
from leftfold.messages.transform import Transform
from leftfold.messages.upcasting import UpcastFault

__all__ = ["Codec", "Encoded", "Reader", "damaged"]

_encode = msgspec.json.Encoder().encode
_BACKSLASH, _CAPITAL_I = b"\\I"
_NO_ZONE = re.compile(rb'T\d\d:\d\d:\d\d(?:\.\d+)?"')


class Encoded(msgspec.Struct, frozen=True):
    """An event as a store keeps it.

    Args:
        type: stored name.
        schema_version: version of its fields, counted from 1.
        data: JSON text in UTF-8.
    """

    type: str
    schema_version: int
    data: bytes


class Reader(NamedTuple):
    """How the events of one stored name and version are read.

    Args:
        event_types: the classes of today that may become of them; none when they are dropped.
        decode: makes one from what is stored, in the class it was stored in; whatever it raises means that the
            payload is damaged.
        rise: brings what was decoded to today; None when it is of today.
    """

    event_types: tuple[type, ...]
    decode: Callable[[bytes | str], object]
    rise: Rise | None


class Codec:
    """Writes and reads the events of one registry.

    What `encode` accepts, `decode` gives back exactly, in the types that the fields declare: Decimals with their
    exponent, times with their offset. What would not come back is refused before it is stored. `read` goes on from
    there to the classes of today, by the registry's upcasts.

    Args:
        registry: which names and versions stand for which classes.
        transform: changes payloads on their way in and out; left out, they are stored as they are.
    """

    def __init__(self, registry: Registry, transform: Transform | None = None) -> None:
        self.registry = registry
        self._transform = transform
        self._writers: dict[type, _Writer] = {}
        self._readers: dict[tuple[str, int], Reader] = {}

    def encode(self, event: object, metadata: Metadata = NO_METADATA) -> Encoded:
        """Write *event* as JSON text.

        Args:
            event: of a registered class.
            metadata: what will be stored beside it; only a transform looks at it.

        Raises:
            DefinitionError: the class of *event* is not registered, or it is a class itself.
            InvalidPayload: a value cannot be stored, or would not read back; the message names the field.
        """
        writer = self._writers.get(type(event)) or self._writer_of(event)
        data = writer.write(event)
        if self._transform is not None:
            data = _dumped(self._transform, data, writer.name, writer.version, metadata)
        return Encoded(writer.name, writer.version, data)

    def decode(self, data: bytes | str, *, stream: str, version: int, type: str, schema_version: int) -> object:
        """Read a stored event, in the class it was stored in.

        Args:
            data: what is stored.
            stream: where it is, for errors.
            version: its place in the stream, counted from 1, for errors.
            type: its stored name.
            schema_version: the version it was stored with, counted from 1.

        Raises:
            UnknownEventType: no registered class stands for *type*.
            UnknownSchemaVersion: the type is known, this version of it is not.
            DamagedPayload: *data* does not decode into the class; the cause is kept.
        """
        reader = self.reader(type, schema_version)
        if reader is None:
            raise self.registry.unknown(stream, version, type, schema_version)
        try:
            return reader.decode(data)
        except LeftfoldError:
            raise
        except Exception as error:
            raise damaged(stream, version, type, schema_version, error) from error

    def read(
        self, data: bytes | str, *, stream: str, version: int, type: str, schema_version: int
    ) -> tuple[object, ...]:
        """Read a stored event in the classes of today; the arguments are those of `decode`.

        Returns:
            The event; several when an upcast splits it, none when one drops it.

        Raises:
            UnknownEventType, UnknownSchemaVersion, DamagedPayload: see `decode`.
            UpcastFailed: an upcast raised, or returned what it does not declare, or fields of other types.
        """
        event = self.decode(data, stream=stream, version=version, type=type, schema_version=schema_version)
        reader = self.reader(type, schema_version)
        if reader is None or reader.rise is None:
            return (event,)
        try:
            return reader.rise(event)
        except UpcastFault as fault:
            raise fault.at(stream, version, type, schema_version) from fault.__cause__

    def reader(self, type: str, schema_version: int) -> Reader | None:
        """How events stored as *type* in this version are read, or None when no registered class stands for them."""
        found = self._readers.get((type, schema_version))
        if found is None and (cls := self.registry.type_of(type, schema_version)) is not None:
            found = self._readers[type, schema_version] = self._new_reader(cls, type, schema_version)
        return found

    def _new_reader(self, cls: type, name: str, schema_version: int) -> Reader:
        decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(cls)
        decode: Callable[[bytes | str], object] = decoder.decode
        today, rise = self.registry.chains.current(cls), held(self.registry.chains, cls, self._hold)
        transform = self._transform
        if transform is None:
            return Reader(today, decode, rise)

        def decode_loaded(data: bytes | str) -> object:
            text = data.encode() if isinstance(data, str) else data
            return decode(transform.load(text, type=name, schema_version=schema_version))

        return Reader(today, decode_loaded, rise)

    def _hold(self, event: object) -> object:
        return (self._writers.get(type(event)) or self._writer_of(event)).hold(event)

    def _writer_of(self, event: object) -> _Writer:
        if isinstance(event, type):
            name = event.__qualname__
            raise DefinitionError(f"{name} is the class of an event; give an event, as in {name}(...)")
        cls = type(event)
        name, version = self.registry.key_of(cls)
        writer = self._writers[cls] = _Writer(cls, name, version, self.registry.shape_of(cls))
        return writer


class _Writer:
    """Writes events of one class; a few cheap looks at the bytes decide whether the event is walked."""

    def __init__(self, cls: type, name: str, version: int, shape: Shape) -> None:
        self.name = name
        self.version = version
        self._shape = shape
        self._curious = shape.floats or shape.decimals or shape.times or shape.clocks
        self._decode: Callable[[bytes], object] = msgspec.json.Decoder(cls).decode

    def write(self, event: object) -> bytes:
        data, back = self._written(event)
        if back is not event and (other := find_other(ordered(event), ordered(back))):
            raise self._flawed(other)
        return data

    def hold(self, event: object) -> object:
        """*event* as it would be read; raises `InvalidPayload` when it could not be stored."""
        return self._written(event)[1]

    def _written(self, event: object) -> tuple[bytes, object]:
        try:
            data = _encode(ordered(event)) if self._shape.sets else _encode(event)
            back = self._decode(data)
            same = back == event
        except Exception as error:
            raise self._refused(event, str(error)) from error
        if not same or (_BACKSLASH in data and b"\\u0000" in data) or (self._curious and self._suspect(data)):
            self._check(event, data, back)
        return data, event if same else back

    def _suspect(self, data: bytes) -> bool:
        shape = self._shape
        return (
            (shape.floats and b"null" in data)
            or (shape.decimals and _CAPITAL_I in data and b'Infinity"' in data)
            or (shape.times and _NO_ZONE.search(data) is not None)
            or shape.clocks
        )

    def _check(self, event: object, data: bytes, back: object) -> None:
        # Equality alone is too strict: a time in the hour that a clock change repeats never equals one of another zone.
        if flaw := find_flaw(event) or find_flaw(back):
            raise self._flawed(flaw)
        if _encode(ordered(back)) != data:
            raise self._refused(event, "does not read back as it was written", back)

    def _refused(self, event: object, reason: str, back: object = None) -> InvalidPayload:
        what = f"event {self.name!r}"
        if flaw := find_flaw(event) or (None if back is None else find_float(ordered(event), ordered(back))):
            return self._flawed(flaw)
        for field in field_names(event) if back is not None else ():
            was, reads = getattr(event, field), getattr(back, field)
            if was != reads:
                return InvalidPayload(f"{what}, field {field!r}", f"{was!r:.80} would read back as {reads!r:.80}")
        return InvalidPayload(what, f"{reason}. Give every field a value of its declared type")

    def _flawed(self, flaw: Flaw) -> InvalidPayload:
        return InvalidPayload(f"event {self.name!r}, field {flaw.path!r}", flaw.reason)


def damaged(stream: str, version: int, type: str, schema_version: int, error: Exception) -> DamagedPayload:
    """The error for a payload that does not decode; raise it from *error*."""
    reason = f"its payload does not decode: {error.__class__.__name__}: {error}"
    if error.__cause__ is not None or not isinstance(error, msgspec.DecodeError):
        reason += ". If a rule of the class was tightened after this was stored, put the rule into a new version"
    elif isinstance(error, msgspec.ValidationError):
        reason += (
            ". If fields were changed after this was stored, keep this version and give today's class a new version=, "
            "with an upcast from this one, or the field a default; see docs/versions.md"
        )
    return DamagedPayload(stream, version, type, schema_version, reason)


def _dumped(transform: Transform, data: bytes, name: str, version: int, metadata: Metadata) -> bytes:
    dumped = transform.dump(data, type=name, schema_version=version, metadata=metadata)
    if flaw := json_flaw(dumped):
        raise InvalidPayload(f"event {name!r}, after its transform", flaw)
    return dumped

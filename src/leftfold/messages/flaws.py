"""Finds what JSON text in a store cannot hold, and where it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple, cast

import msgspec

from leftfold.errors import InvalidPayload

__all__ = ["Flaw", "check_json", "field_names", "find_flaw", "find_float", "find_other", "json_flaw", "parts_of"]

_BACKSLASH = 0x5C
_COLLECTIONS: Final = (list, tuple, Mapping)
_validate = msgspec.json.Decoder(msgspec.Raw).decode
_parse = msgspec.json.Decoder(float_hook=Decimal).decode  # 1E400 is JSON, and no float


class Flaw(NamedTuple):
    """A value that cannot be stored.

    Args:
        path: where it is, from the outermost value, like `lines[0].price`; empty for the value itself.
        reason: why it cannot be stored, and what to do.
    """

    path: str
    reason: str


def find_flaw(value: object, path: str = "") -> Flaw | None:
    """The first part of *value* that cannot be stored, or None; walks everything, so it is for the rare case."""
    if reason := _scalar_flaw(value):
        return Flaw(path, reason)
    for name, part in parts_of(value):
        if found := find_flaw(part, (path + name).removeprefix(".")):
            return found
    return None


def find_float(was: object, reads: object, path: str = "") -> Flaw | None:
    """The first float in *was* that reads back as a `Decimal` that does not equal it, or None.

    Args:
        was: what is written, its sets ordered; see `ordered`.
        reads: what is read back, likewise.
    """
    if isinstance(was, float) and isinstance(reads, Decimal) and was != reads:
        reason = f"{was!r} would read back as {reads!r}; a float is not exact, so give a Decimal made from a string"
        return Flaw(path, f"{reason}, like Decimal('0.1')")
    for (name, one), (_, other) in zip(parts_of(was), parts_of(reads), strict=False):
        if found := find_float(one, other, (path + name).removeprefix(".")):
            return found
    return None


def find_other(was: object, reads: object, path: str = "") -> Flaw | None:
    """The first part of *was* that reads back as something of another type that does not equal it, or None.

    A collection may read back as one of another kind, as a tuple for a `Sequence` does.

    Args:
        was: what is written, its sets ordered; see `ordered`.
        reads: what is read back, likewise.
    """
    if was != reads and not _are_alike(was, reads):
        return Flaw(path, f"{was!r:.80} would read back as {reads!r:.80}; give a value of the declared type")
    for (name, one), (_, other) in zip(parts_of(was), parts_of(reads), strict=False):
        if found := find_other(one, other, (path + name).removeprefix(".")):
            return found
    return None


def check_json(data: bytes) -> None:
    """Raise `InvalidPayload` unless *data*, coming from outside, is JSON text that every store can keep.

    It is valid JSON in UTF-8, without NUL, lone surrogates, NaN or infinity.
    """
    if flaw := json_flaw(data):
        raise InvalidPayload("JSON text", flaw)


def json_flaw(data: bytes) -> str | None:
    """Why *data* is not JSON text that every store can keep, or None when it is."""
    try:
        data.decode()
        _validate(data)
        if _BACKSLASH not in data or b"\\u" not in data:
            return None
        value = _parse(data)
    except (ValueError, RecursionError) as error:
        return f"is not JSON in UTF-8: {error}"
    flaw = find_flaw(value)
    return f"{flaw.path}: {flaw.reason}".removeprefix(": ") if flaw else None


def field_names(value: object) -> tuple[str, ...]:
    """Names of the fields of a struct or a dataclass; empty for anything else."""
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    return tuple(field.name for field in fields(value)) if is_dataclass(value) else ()


def _are_alike(was: object, reads: object) -> bool:
    return isinstance(was, type(reads)) or (isinstance(was, _COLLECTIONS) and isinstance(reads, _COLLECTIONS))


def _scalar_flaw(value: object) -> str | None:
    match value:
        case str():
            return _text_flaw(value)
        case float():
            return None if math.isfinite(value) else f"{value} is no JSON number; store None or leave the event out"
        case Decimal():
            return None if value.is_finite() else f"Decimal({str(value)!r}) is no number; store None instead"
        case datetime() if value.tzinfo is None:
            return "the time has no zone; give one, as in datetime.now(UTC)"
        case datetime() | time():
            offset = value.utcoffset()
            if offset is None and value.tzinfo is not None:
                return f"the zone {value.tzinfo} has no offset without a date; give a time without it, and its name"
            whole = offset is None or not offset % timedelta(minutes=1)
            return None if whole else f"the zone's offset {offset} is not in whole minutes; use value.astimezone(UTC)"
        case _:
            return None


def _text_flaw(text: str) -> str | None:
    if "\x00" in text:
        return "the text holds a NUL character, which PostgreSQL cannot keep; take it out"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"the text holds a lone surrogate at character {error.start}; decode its source rightly"
    return None


def parts_of(value: object) -> Iterable[tuple[str, object]]:
    """What is directly in *value*, each with where it is there, like `[0]` or `.price`."""
    match value:
        case None | str() | float() | Decimal() | time() | msgspec.UnsetType():
            pass
        case Enum():
            yield "", value.value
        case Mapping():
            for key, item in cast("Mapping[object, object]", value).items():
                yield f"[key {key!r:.40}]", key
                yield f"[{key!r:.40}]", item
        case list() | tuple():
            yield from ((f"[{index}]", item) for index, item in enumerate(cast("Sequence[object]", value)))
        case set() | frozenset():
            yield from ((f"[{item!r:.40}]", item) for item in cast("AbstractSet[object]", value))
        case _:
            yield from ((f".{name}", getattr(value, name)) for name in field_names(value))

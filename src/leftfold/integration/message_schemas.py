"""The JSON Schema of what is published and of what a view reads, derived from their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias, cast

import msgspec
from msgspec import inspect

from leftfold.integration.published_events import declared
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.key_schemas import components_of
from leftfold.messages.shape import shape_of
from leftfold.messages.type_parts import bare, parts_of
from leftfold.schemas.forms import writer_form

__all__ = ["Schema", "language_flaws", "merged_flaws", "message_schema", "schema_digest", "type_schema"]

Schema: TypeAlias = dict[str, object]
"""A JSON Schema, decoded."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SAYS_NOTHING: Final = "its schema says nothing of it; annotate it as leftfold.integration."
_MERGED: Final = "a union of types of one kind, all of which are held to the constraints of each; write it as one type"
_KEYS: Final = "a mapping with bounds on its keys, which no schema says; take them out, or make the keys text"
_BYTES: Final = (
    "bytes of a length that no schema says, as Base64 has three to a group; let max_length be a multiple of 3, and "
    "min_length one more than one, or take them out"
)
_STRICTER: Final = (_MERGED, _KEYS, _BYTES)
_KINDS: Final = (inspect.StrType, inspect.IntType, inspect.FloatType, inspect.BytesType)
_WORDS: Final = frozenset({"title", "description", "examples", "$comment", "$id", "$schema", "discriminator"})


def message_schema(cls: type[IntegrationEvent]) -> Schema:
    """What events of *cls* are written as: a JSON Schema of 2020-12, closed, as a writer writes nothing more.

    Its `$id` is relative: name and version, `acme.ordering.placed/2`.
    """
    said = declared(cls)
    closed = writer_form(type_schema(cls))
    assert isinstance(closed, dict)  # noqa: S101 - the form of an object schema is one
    return {"$schema": _DIALECT, "$id": f"{said.name}/{said.version}", **closed}


def type_schema(cls: type, *, read: bool = False) -> Schema:
    """The JSON Schema of a class as its fields say, definitions under `$defs`; neither opened nor closed.

    Args:
        read: of all that it reads, see `components_of`, and not of what is written of it.
    """
    schema, components = components_of(cls, "#/$defs/{name}", read=read)
    ref = schema.get("$ref")
    if not isinstance(ref, str):
        return {**schema, "$defs": components} if components else schema
    name = ref.removeprefix("#/$defs/")
    own = components[name]
    others = components if _mentions(components, ref) else {key: one for key, one in components.items() if key != name}
    return {**own, "$defs": others} if others else own


def schema_digest(schema: Schema) -> str:
    """A digest of *schema* that titles, descriptions and the order of properties do not change."""
    from hashlib import sha256  # only a lock needs it

    return f"sha256:{sha256(msgspec.json.encode(_meaning(schema), order='deterministic')).hexdigest()}"


def language_flaws(cls: type[IntegrationEvent]) -> Iterator[str]:
    """Why events of *cls* cannot be part of a published language, one sentence each."""
    shape = shape_of(cls)
    yield from shape.findings
    if shape.findings:
        return
    for path, flaw in _vague("", inspect.type_info(cls), frozenset()):
        yield f"event {cls.__qualname__}, field {path!r} is {flaw}"


def merged_flaws(cls: type) -> Iterator[str]:
    """Which fields of *cls* read less than their schema says, one sentence each."""
    for path, flaw in _vague("", inspect.type_info(cls), frozenset()):
        if flaw in _STRICTER:
            yield f"{cls.__qualname__}.{path} is {flaw}"


def _vague(path: str, kind: inspect.Type, within: frozenset[type]) -> Iterator[tuple[str, str]]:
    """Where *kind* takes a time of which its schema says no more than that it is text, or is stricter than its schema.

    Args:
        within: the classes that it is inside of; what is inside itself is looked at once.
    """
    match kind:
        case inspect.DateTimeType(tz=None):
            yield path.removeprefix("."), f"a plain datetime, which may have no zone, and {_SAYS_NOTHING}Instant"
        case inspect.DateTimeType(tz=False):
            yield path.removeprefix("."), f"a datetime without a zone, and {_SAYS_NOTHING}Instant"
        case inspect.UnionType(types=types) if _are_merged(types):
            yield path.removeprefix("."), _MERGED
        case inspect.DictType() | inspect.FrozenDictType() if _is_bounded(bare(kind.key_type)):
            yield path.removeprefix("."), _KEYS
        case inspect.BytesType() if not _is_whole(kind):
            yield path.removeprefix("."), _BYTES
        case inspect.TimeType(tz=None):
            yield path.removeprefix("."), f"a plain time, which may have a zone, and {_SAYS_NOTHING}TimeOfDay"
        case _:
            pass
    cls = cast("type | None", getattr(kind, "cls", None))
    if cls is not None and cls in within:
        return
    for name, part in parts_of(kind):
        yield from _vague(f"{path}{name}", part, within if cls is None else within | {cls})


def _is_bounded(key: inspect.Type) -> bool:
    """Whether keys are held to bounds that nothing in the schema of a mapping says; it does say those of text."""
    return isinstance(key, inspect.IntType | inspect.FloatType | inspect.BytesType) and key != type(key)()


def _is_whole(kind: inspect.BytesType) -> bool:
    """Whether the length of the Base64 text says just how many bytes there may be."""
    return not (kind.max_length or 0) % 3 and (kind.min_length or 1) % 3 == 1


def _are_merged(types: tuple[inspect.Type, ...]) -> bool:
    """Whether msgspec makes one type of two of these, with the constraints of both."""
    kinds = [bare(kind) for kind in types]
    if any(isinstance(kind, inspect.FloatType) for kind in kinds) and any(map(_is_some_whole, kinds)):
        return True  # a whole number is read as the other, whose bounds it may not keep
    for kind in kinds:
        if isinstance(kind, _KINDS) and kind != type(kind)():
            literal = str if isinstance(kind, inspect.StrType) else int
            if any(type(one) is type(kind) or _is_literal(one, literal) for one in kinds if one is not kind):
                return True
    return False


def _is_some_whole(kind: inspect.Type) -> bool:
    """Whether some whole numbers are of *kind*, and others are not."""
    if isinstance(kind, inspect.EnumType):
        return any(isinstance(one.value, int) for one in kind.cls)
    return _is_literal(kind, int) or (isinstance(kind, inspect.IntType) and kind != inspect.IntType())


def _is_literal(kind: inspect.Type, cls: type) -> bool:
    return isinstance(kind, inspect.LiteralType) and any(isinstance(value, cls) for value in kind.values)


def _meaning(value: object, *, schema: bool = True) -> object:
    if isinstance(value, list):
        return [_meaning(each) for each in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, object]", value)
    if not schema:
        return {name: _meaning(part) for name, part in found.items()}
    kept = {key: part for key, part in found.items() if key not in _WORDS}
    return {
        key: _sorted(part) if key == "required" else _meaning(part, schema=key not in {"properties", "$defs"})
        for key, part in kept.items()
    }


def _sorted(value: object) -> object:
    return sorted(cast("list[str]", value)) if isinstance(value, list) else value


def _mentions(value: object, ref: str) -> bool:
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        return found.get("$ref") == ref or any(_mentions(part, ref) for part in found.values())
    return isinstance(value, list) and any(_mentions(part, ref) for part in cast("list[object]", value))

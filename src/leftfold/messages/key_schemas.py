"""What msgspec leaves out of a schema: the keys of a mapping, a time that may have no zone, flags that are together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, Flag
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from leftfold.errors import DefinitionError
from leftfold.messages.type_parts import bare

__all__ = ["components_of"]

_FORMATS: Final[Mapping[type[inspect.Type], str]] = {
    inspect.UUIDType: "uuid",
    inspect.DateType: "date",
    inspect.DateTimeType: "date-time",
    inspect.TimeDeltaType: "duration",
    inspect.DecimalType: "decimal",
}
_WHOLE: Final = r"^-?(0|[1-9][0-9]*)$"
_NUMBER: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_DATE_TIMES: Final = [{"type": "string", "format": name} for name in ("date-time", "local-date-time")]
_TIMES: Final = [{"type": "string", "format": name} for name in ("time", "partial-time")]
_ARRAYS: Final = (inspect.CollectionType, inspect.TupleType)
_MOST_FLAGS: Final = 10


def components_of(cls: type, template: str, *, read: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON Schema of *cls* and of what it refers to, by name, with all that msgspec leaves out.

    Args:
        template: of references, as in `#/$defs/{name}`.
        read: say what *cls* reads, which is more than is written of it: a whole number for a Decimal, a list that has
            an item twice for a set.

    Raises:
        DefinitionError: two classes in it have one name, so that no schema can tell them apart.
    """
    classes = _inner_classes(inspect.type_info(cls))
    try:
        (schema, *inner), components = msgspec.json.schema_components([cls, *classes], ref_template=template)
    except KeyError as error:
        twice = f"{error.args[0]!r:.120} and another class"
        reason = f"{twice} in {cls.__qualname__} have one name, so that its schema cannot tell them apart; rename one"
        raise DefinitionError(reason) from error
    names = {template.format(name=name): name for name in components}
    for kind, found in zip(classes.values(), inner, strict=True):
        if (ref := found.get("$ref")) is not None:
            _say_keys(kind, components[names[ref]], read=read)
    return schema, components


def _inner_classes(kind: inspect.Type) -> Mapping[type, inspect.Type]:
    """The classes with fields, and of flags, that *kind* is made of, itself first, by class."""
    found: dict[type, inspect.Type] = {}
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if (cls := _class_of(one)) is not None:
            if cls in found:
                continue
            found[cls] = one
        waiting += [part for _, part in _parts(one)]
    return found


def _say_keys(kind: inspect.Type, schema: dict[str, Any], *, read: bool) -> None:
    """Write into *schema*, that of a class, which flags it is made of, or what keys and times in its fields are."""
    if isinstance(kind, inspect.EnumType):
        schema["enum"] = _values(kind.cls)
    named: dict[str, Any] = schema.get("properties", {})
    placed: list[Any] = schema.get("prefixItems", [])
    for place, part in _parts(kind):
        if isinstance(place, str):
            _say_within(part, named.get(place), read=read)
        elif place < len(placed):
            _say_within(part, placed[place], read=read)


def _say(kind: inspect.Type, schema: dict[str, Any], *, read: bool) -> None:
    kind = bare(kind)
    match kind:
        case inspect.UnionType(types=types):
            for choice in schema.get("anyOf", ()):
                for part in types:
                    if _is_of(bare(part), choice):
                        _say_within(part, choice, read=read)
        case inspect.DictType() | inspect.FrozenDictType():
            if keys := _keys(bare(kind.key_type)):
                schema["propertyNames"] = {**keys, **schema.get("propertyNames", {})}
            _say_within(kind.value_type, schema.get("additionalProperties"), read=read)
        case inspect.TupleType(item_types=items):
            for item, within in zip(items, schema.get("prefixItems", ()), strict=False):
                _say_within(item, within, read=read)
        case inspect.CollectionType(item_type=item):
            _say_within(item, schema.get("items"), read=read)
        case _:
            _say_time(kind, schema)


def _say_read(kind: inspect.Type, schema: dict[str, Any]) -> None:
    match kind:
        case inspect.DecimalType():
            schema["type"] = ["string", "integer"]
        case inspect.CollectionType(item_type=item) if schema.get("minItems", 0) <= 1 and _is_single(item):
            schema.pop("uniqueItems", None)  # one that is there twice counts once
        case _:
            pass


def _say_time(kind: inspect.Type, schema: dict[str, Any]) -> None:
    match kind:
        case inspect.DateTimeType(tz=tz) if tz is not True:
            if tz is False:
                schema.setdefault("format", "local-date-time")
            elif "format" not in schema:
                del schema["type"]
                schema["anyOf"] = _DATE_TIMES
        case inspect.TimeType(tz=None) if "format" not in schema:
            del schema["type"]
            schema["anyOf"] = _TIMES
        case _:
            pass


def _say_within(kind: inspect.Type, schema: object, *, read: bool) -> None:
    if isinstance(schema, dict):
        said = cast("dict[str, Any]", schema)
        _say(kind, said, read=read)
        if read:
            _say_read(bare(kind), said)


def _keys(kind: inspect.Type) -> dict[str, object]:
    match kind:
        case inspect.EnumType(cls=cls):
            return {"enum": sorted(map(str, _values(cls)))}
        case inspect.LiteralType(values=values):
            return {"enum": sorted(map(str, values))}
        case inspect.IntType():
            return {"pattern": _WHOLE}
        case inspect.FloatType():
            return {"pattern": _NUMBER}
        case inspect.BytesType():
            return {"contentEncoding": "base64"}
        case inspect.TimeType(tz=tz):
            return {"anyOf": _TIMES} if tz is None else {"format": "time" if tz else "partial-time"}
        case inspect.DateTimeType(tz=tz) if tz is not True:
            return {"anyOf": _DATE_TIMES} if tz is None else {"format": "local-date-time"}
        case _:
            named = _FORMATS.get(type(kind))
            return {} if named is None else {"format": named}


def _is_of(kind: inspect.Type, schema: Mapping[str, object]) -> bool:
    """Whether *schema* is the one of several that is of *kind*; a union has one mapping, array and text at most."""
    if isinstance(kind, inspect.DateTimeType | inspect.TimeType):
        return schema.get("type") == "string"
    if isinstance(kind, inspect.DictType | inspect.FrozenDictType):
        return schema.get("type") == "object"
    if isinstance(kind, inspect.DecimalType):
        return schema.get("format") == _FORMATS[inspect.DecimalType]
    return isinstance(kind, _ARRAYS) and schema.get("type") == "array"


def _is_single(kind: inspect.Type) -> bool:
    """Whether values of *kind* have no parts, so that every set can hold them."""
    match kind:
        case inspect.Metadata(type=inner):
            return _is_single(inner)
        case inspect.UnionType(types=types):
            return all(map(_is_single, types))
        case _:
            return _class_of(kind) is None and not any(_parts(kind))


def _parts(kind: inspect.Type) -> Iterator[tuple[str | int, inspect.Type]]:
    """What *kind* is made of, each with its place; of a class, its fields."""
    match kind:
        case inspect.Metadata(type=inner):
            yield "", inner
        case inspect.NamedTupleType(fields=fields):
            yield from ((at, field.type) for at, field in enumerate(fields))
        case inspect.StructType(array_like=True, fields=fields, tag_field=tag):
            yield from ((at, field.type) for at, field in enumerate(fields, 0 if tag is None else 1))
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType():
            yield from ((field.encode_name, field.type) for field in kind.fields)
        case inspect.UnionType(types=types):
            yield from (("", part) for part in types)
        case inspect.TupleType(item_types=items):
            yield from enumerate(items)
        case inspect.CollectionType(item_type=item):
            yield "", item
        case inspect.DictType() | inspect.FrozenDictType():
            yield from (("", kind.key_type), ("", kind.value_type))
        case _:
            pass


def _values(cls: type[Enum]) -> Sequence[object]:
    """What members of *cls* are written as; flags alone and together, and alone when they are too many for that."""
    if not issubclass(cls, Flag):
        return [one.value for one in cls]
    flags = [one.value for one in cls]
    found = {0}
    for flag in flags:
        found |= {one | flag for one in found} if len(flags) <= _MOST_FLAGS else {flag}
    return sorted(found)


def _class_of(kind: inspect.Type) -> type | None:
    match kind:
        case inspect.EnumType(cls=cls) if issubclass(cls, Flag):
            return cls
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType() | inspect.NamedTupleType():
            return kind.cls
        case _:
            return None

"""Holding the values of a message to the formats that its fields name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias, cast

from msgspec import inspect

from leftfold.errors import DefinitionError, InvalidFormat
from leftfold.integration.formats import FORMATS, MARK, Format
from leftfold.messages.type_parts import parts_of

__all__ = ["Formatted", "check_formats", "format_fields"]

_CLASSES: Final = 4096

_Flaw: TypeAlias = tuple[object, Format]
_Check: TypeAlias = Callable[[object], _Flaw | None]


class Formatted:
    """A struct that derives from this beside its base holds its values to their formats, when it is made and so when
    it is read.

    One that has a `__post_init__` of its own calls `super().__post_init__()` there.

    Raises:
        InvalidFormat, DefinitionError: see `check_formats`.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        check_formats(self)


def check_formats(message: object) -> None:
    """Refuse *message* unless each value is of the format that its field names, in lists, maps and structs too.

    Structs that are `Formatted` themselves are not looked at twice.

    Args:
        message: a struct or a dataclass.

    Raises:
        InvalidFormat: a value is not; the error names the class and the field. What decodes the message raises its own
            error, with this one as the cause.
        DefinitionError: *message* is neither, or a named tuple or a typed dictionary in it has a field with a format.
    """
    cls: type = message.__class__
    for name, check in _checks_of(cls):
        if (flaw := check(getattr(message, name))) is not None:
            value, format = flaw
            raise InvalidFormat(f"{cls.__qualname__}.{name}", repr(value), format.name, format.advice)


def format_fields(cls: type) -> tuple[str, ...]:
    """The fields of *cls* with a format somewhere in them, those of structs that are `Formatted` left out.

    Args:
        cls: a struct or a dataclass.

    Raises:
        DefinitionError: see `check_formats`.
    """
    if not isinstance(cast("object", cls), type):
        raise DefinitionError(f"{cls!r:.80} is no class; give a struct or a dataclass")
    return tuple(name for name, _ in _checks_of(cls))


@lru_cache(_CLASSES)
def _checks_of(cls: type) -> tuple[tuple[str, _Check], ...]:
    kind = inspect.type_info(cls)
    if not isinstance(kind, (inspect.StructType, inspect.DataclassType)):
        raise DefinitionError(f"{cls.__qualname__} is no struct and no dataclass; its formats cannot be checked")
    return tuple((field.name, _check(field.type)) for field in kind.fields if _marked(field.type, set()))


def _format_of(kind: inspect.Metadata) -> Format | None:
    name = (cast("dict[str, str] | None", kind.extra) or {}).get(MARK)
    return None if name is None else FORMATS[name]


def _marked(kind: inspect.Type, seen: set[object]) -> bool:
    """Whether a format is somewhere in a value of this type."""
    match kind:
        case inspect.Metadata() if _format_of(kind) is not None:
            return True
        case inspect.NamedTupleType(cls=cls) | inspect.TypedDictType(cls=cls):
            if cls not in seen and any(_marked(part, {*seen, cls}) for _, part in parts_of(kind)):
                raise DefinitionError(f"{cls.__qualname__} has a field with a format; make it a frozen Struct")
            return False
        case inspect.StructType(cls=cls) | inspect.DataclassType(cls=cls):
            if cls in seen or getattr(cls, "__post_init__", None) is Formatted.__post_init__:
                return False
            seen.add(cls)
        case _:
            pass
    return any(_marked(part, seen) for _, part in parts_of(kind))


def _check(kind: inspect.Type, *, among: bool = False) -> _Check:
    """How a value of this type is checked; *among* other types, only when it is of its own."""
    match kind:
        case inspect.Metadata(type=inner):
            format = _format_of(kind)
            return _check(inner, among=among) if format is None else _leaf(format, among=among)
        case inspect.UnionType(types=types):
            return _first([_check(part, among=True) for part in types if _marked(part, set())])
        case inspect.DictType() | inspect.FrozenDictType():
            return _entries(_check(kind.key_type), _check(kind.value_type))
        case inspect.TupleType(item_types=items):
            return _places([_check(item) for item in items])
        case inspect.CollectionType(item_type=item):
            return _each(_check(item))
        case inspect.StructType() | inspect.DataclassType():
            return _nested
        case _:
            return _nothing


def _nothing(_value: object) -> None:
    """A value of no format."""


def _leaf(format: Format, *, among: bool) -> _Check:
    kind, holds = format.of, format.holds

    def check(value: object) -> _Flaw | None:
        if isinstance(value, kind):
            return None if holds is None or holds(value) else (value, format)
        return None if among else (value, format)

    return check


def _first(checks: Sequence[_Check]) -> _Check:
    if len(checks) == 1:
        return checks[0]
    return lambda value: _found(check(value) for check in checks)


def _each(check: _Check) -> _Check:
    def check_each(value: object) -> _Flaw | None:
        if not isinstance(value, (list, tuple, set, frozenset)):
            return None
        return _found(check(item) for item in cast("Iterable[object]", value))

    return check_each


def _places(checks: Sequence[_Check]) -> _Check:
    def check_places(value: object) -> _Flaw | None:
        if not isinstance(value, tuple):
            return None
        items = cast("tuple[object, ...]", value)
        return _found(check(item) for check, item in zip(checks, items, strict=False))

    return check_places


def _entries(key_check: _Check, value_check: _Check) -> _Check:
    def check_entries(value: object) -> _Flaw | None:
        if not isinstance(value, Mapping):
            return None
        entries = cast("Mapping[object, object]", value).items()
        return _found(key_check(key) or value_check(item) for key, item in entries)

    return check_entries


def _nested(value: object) -> _Flaw | None:
    if not hasattr(value, "__struct_fields__") and not hasattr(value, "__dataclass_fields__"):
        return None
    cls: type = value.__class__
    return _found(check(getattr(value, name)) for name, check in _checks_of(cls))


def _found(flaws: Iterable[_Flaw | None]) -> _Flaw | None:
    return next((flaw for flaw in flaws if flaw is not None), None)

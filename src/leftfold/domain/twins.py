"""A recorded event stays what it was, whatever a fold or a caller does to the lists in it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import is_dataclass
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, inspect

from leftfold.domain.sharing import PLAIN, holds_plain
from leftfold.messages.fatal_types import is_fatal
from leftfold.messages.flaws import field_names

__all__ = ["twin_of"]

_CHANGING: Final = (
    inspect.AnyType,
    inspect.ByteArrayType,
    inspect.MemoryViewType,
    inspect.ListType,
    inspect.SetType,
    inspect.DictType,
    inspect.TypedDictType,
    inspect.CustomType,
)

_KNOWN: Final[dict[type, bool]] = {}
"""Of each class that was asked about, whether something in a value of it can change."""


def twin_of(event: object) -> object:
    """*event* itself where nothing in it can change, and a copy of all that can otherwise.

    No `__post_init__` runs.
    """
    return _twin(event) if _may_change(type(event)) else event


def _twin(value: object) -> object:
    if type(value) in PLAIN:
        return value
    if holds_plain(value):
        return copy(value)
    match value:
        case list():
            return [_twin(item) for item in cast("list[object]", value)]
        case dict():
            return {key: _twin(item) for key, item in cast("Mapping[object, object]", value).items()}
        case tuple() if type(cast("object", value)) is tuple:
            return tuple(_twin(item) for item in cast("Sequence[object]", value))
        case Struct():
            return _copied(value, msgspec.structs.force_setattr) if _may_change(type(value)) else value
        case _ if is_dataclass(value):
            return _copied(value, object.__setattr__) if _may_change(type(value)) else value
        case _:
            return deepcopy(value)


def _copied(value: object, assign: Callable[[Any, str, object], None]) -> object:
    twin = copy(value)
    for name in field_names(value):
        assign(twin, name, _twin(getattr(value, name)))
    return twin


def _may_change(cls: type) -> bool:
    """Whether something in a value of *cls* can change."""
    known = _KNOWN.get(cls)
    if known is None:
        try:
            known = is_fatal(cls) or _changes(inspect.type_info(cls), set())
        except (TypeError, NameError, ValueError):
            known = True
        _KNOWN[cls] = known
    return known


def _changes(kind: inspect.Type, seen: set[type]) -> bool:
    match kind:
        case inspect.Metadata(type=inner):
            return _changes(inner, seen)
        case inspect.UnionType(types=parts) | inspect.TupleType(item_types=parts):
            return any(_changes(part, seen) for part in parts)
        case inspect.FrozenSetType(item_type=item) | inspect.VarTupleType(item_type=item):
            return _changes(item, seen)
        case inspect.StructType() | inspect.DataclassType() | inspect.NamedTupleType():
            if kind.cls in seen:
                return False
            seen.add(kind.cls)
            return not _is_frozen(kind.cls) or any(_changes(field.type, seen) for field in kind.fields)
        case _:
            return isinstance(kind, _CHANGING)


def _is_frozen(cls: type) -> bool:
    if issubclass(cls, Struct):
        return cls.__struct_config__.frozen
    return not is_dataclass(cast("object", cls)) or bool(cast("Any", cls).__dataclass_params__.frozen)

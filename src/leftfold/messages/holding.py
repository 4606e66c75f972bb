"""Holding what upcasts make to the types that its fields declare: a class does not look at them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Final, TypeAlias, cast

from msgspec import Struct, inspect
from msgspec.structs import astuple

from leftfold.errors import InvalidPayload
from leftfold.messages.chains import Chains, Rise

__all__ = ["Hold", "held"]

Hold: TypeAlias = Callable[[object], object]
"""Gives an event as it would be read; raises `InvalidPayload` when it could not be stored."""

_PLAIN: Final = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DecimalType,
    inspect.StrType,
    inspect.BytesType,
    inspect.UUIDType,
    inspect.DateType,
    inspect.DateTimeType,
    inspect.TimeType,
    inspect.TimeDeltaType,
)


def held(chains: Chains, cls: type, hold: Hold) -> Rise | None:
    """What brings events of *cls* to today, each as *hold* gives it; None when they are of today.

    Where the types of its values say all about an event but whether numbers are finite and times have a zone, one of
    each way in which they are is passed to *hold*.
    """
    rise, today = chains.rise(cls), chains.current(cls)
    if rise is None:
        return None

    def rise_held(event: object) -> tuple[object, ...]:
        try:
            return tuple([hold(each) for each in rise(event)])
        except InvalidPayload:
            chains.blame(event, hold)
            raise

    return _once_for_types(rise, rise_held) if len(today) == 1 and _is_plain(today[0]) else rise_held


def _once_for_types(rise: Rise, rise_held: Rise) -> Rise:
    sound = set[tuple[type, ...]]()

    def rise_known(event: object) -> tuple[object, ...]:
        events = cast("tuple[Struct, ...]", rise(event))
        for each in events:
            values = astuple(each)
            if tuple(map(type, values)) not in sound or not all(map(_is_storable, values)):
                break
        else:
            return events
        read = rise_held(event)
        sound.update(tuple(map(type, astuple(each))) for each in cast("tuple[Struct, ...]", read))
        return read

    return rise_known


def _is_storable(value: object) -> bool:
    """Whether *value* can be stored as others of its type can."""
    kind = type(value)
    if kind is float:
        return isfinite(cast("float", value))
    if kind is Decimal:
        return cast("Decimal", value).is_finite()
    return kind is not datetime or cast("datetime", value).tzinfo is not None


def _is_plain(cls: type) -> bool:
    """Whether events of *cls* are all right when their values are of some types."""
    kind = inspect.type_info(cls)
    return isinstance(kind, inspect.StructType) and all(_is_alone(field.type) for field in kind.fields)


def _is_alone(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return all(map(_is_alone, kind.types))
    return isinstance(kind, inspect.EnumType) or (isinstance(kind, _PLAIN) and kind == type(kind)())

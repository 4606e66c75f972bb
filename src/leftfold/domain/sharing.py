"""Finds what is in a state at two places, and would be two things once it was written and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from msgspec import Struct

from leftfold.messages.flaws import parts_of

__all__ = ["PLAIN", "Shared", "find_shared", "holds_plain"]

PLAIN: Final[frozenset[type]] = frozenset(
    {type(None), bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta, UUID}
)
"""Classes whose values cannot change."""


class Shared(NamedTuple):
    """One object at two places.

    Args:
        first: where it was met first, like `lines['a']`.
        again: where it was met again.
        kind: the name of its class.
    """

    first: str
    again: str
    kind: str


def find_shared(values: Mapping[str, object]) -> Shared | None:
    """The first object that can change and is at two places in *values*, or None.

    Args:
        values: the attributes of a state, by name.
    """
    seen: dict[int, str] = {}
    for name, value in values.items():
        if found := _look(value, name, seen):
            return found
    return None


def _look(value: object, path: str, seen: dict[int, str]) -> Shared | None:
    if type(value) in PLAIN:
        return None
    if _can_change(value):
        if (first := seen.get(id(value))) is not None:
            return Shared(first, path, type(value).__name__)
        seen[id(value)] = path
    if holds_plain(value):
        return None
    for name, part in parts_of(value):
        if found := _look(part, path + name, seen):
            return found
    return None


def _can_change(value: object) -> bool:
    if isinstance(value, Struct):
        return not value.__struct_config__.frozen
    if is_dataclass(value):
        return not cast("Any", value).__dataclass_params__.frozen
    return isinstance(value, list | dict | set | bytearray)


def holds_plain(value: object) -> bool:
    """Whether it is a collection of values that are one and the same wherever they are; found out without a loop."""
    if isinstance(value, dict):
        return PLAIN.issuperset(map(type, cast("dict[object, object]", value).values()))
    return isinstance(value, list | tuple | set | frozenset) and PLAIN.issuperset(
        map(type, cast("Iterable[object]", value))
    )

"""JSON values: what they are, and when two are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, cast

from leftfold.schemas.node import ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Kinds
from leftfold.schemas.numbers import exact

__all__ = ["is_json", "kind_of", "same"]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def kind_of(value: object) -> Kinds:
    """The kind of a JSON value; 0 for what is none."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return STRING
    if isinstance(value, int | float | Decimal):
        return NUMBER
    if isinstance(value, list | tuple):
        return ARRAY
    return OBJECT if isinstance(value, Mapping) else 0


def is_json(value: object) -> bool:
    """Whether *value* is JSON, all of it."""
    if isinstance(value, list | tuple):
        return all(map(is_json, cast("list[object]", value)))
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        return all(isinstance(name, str) and is_json(name) and is_json(part) for name, part in members.items())
    if isinstance(value, float | Decimal):
        try:
            exact(value)
        except ValueError:
            return False
    if isinstance(value, str) and not value.isascii():
        return _SURROGATE.search(value) is None
    return kind_of(value) != 0


def same(one: object, other: object) -> bool:
    """Whether two JSON values are equal as JSON Schema says: 1 is 1.0 and is not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return exact(one) == exact(other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        left, right = cast("list[object]", one), cast("list[object]", other)
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        mine, theirs = cast("Mapping[str, object]", one), cast("Mapping[str, object]", other)
        return mine.keys() == theirs.keys() and all(same(part, theirs[name]) for name, part in mine.items())
    return one == other

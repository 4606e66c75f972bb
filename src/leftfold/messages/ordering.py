"""Gives the sets of an event an order, so that it is stored as the same bytes by every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from dataclasses import is_dataclass
from typing import Any, cast

import msgspec

from leftfold.messages.flaws import field_names

__all__ = ["ordered"]

_encode = msgspec.json.Encoder().encode


def ordered(value: object) -> object:
    """*value* for the encoder, every set in it replaced by a list sorted by the JSON text of its items.

    Objects are copied without running their `__post_init__`; *value* stays as it is.
    """
    match value:
        case set() | frozenset():
            items = [ordered(item) for item in cast("AbstractSet[object]", value)]
            return sorted(items, key=_encode)
        case list() | tuple():
            return [ordered(item) for item in cast("Sequence[object]", value)]
        case dict():
            return {key: ordered(item) for key, item in cast("dict[object, object]", value).items()}
        case msgspec.Struct():
            return _copied(value, msgspec.structs.force_setattr)
        case _ if is_dataclass(value):
            return _copied(value, object.__setattr__)
        case _:
            return value


def _copied(value: object, assign: Callable[[Any, str, object], None]) -> object:
    twin = copy(value)
    for name in field_names(value):
        assign(twin, name, ordered(getattr(value, name)))
    return twin

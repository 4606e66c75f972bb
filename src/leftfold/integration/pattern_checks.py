"""Holding published text to what its pattern says to others, to whom `$` is the end and nothing else.

Python lets a line break stand between a `$` and the end. The schema of a field has its pattern, so whoever reads it
elsewhere refuses such text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, cast

from msgspec import inspect

from leftfold.messages.flaws import Flaw

__all__ = ["find_break"]

_CLASSES: Final = 4096
_BREAK: Final = "ends with a line break, which its pattern lets pass here and refuses elsewhere; take it off"


def find_break(message: object) -> Flaw | None:
    """The first text in *message* whose pattern a line break at its end slips through, or None.

    Args:
        message: a struct or a dataclass.
    """
    cls: type = message.__class__
    kind = _ending_of(cls)
    if kind is None:
        return None
    return next((Flaw(path.removeprefix("."), _BREAK) for path in _breaks("", kind, message)), None)


@lru_cache(_CLASSES)
def _ending_of(cls: type) -> inspect.Type | None:
    """What *cls* is made of, if a pattern in it has a `$`."""
    kind = inspect.type_info(cls)
    return kind if _ends(kind, set()) else None


def _ends(kind: inspect.Type, seen: set[type]) -> bool:
    match kind:
        case inspect.StrType(pattern=str(pattern)):
            return "$" in pattern
        case inspect.StructType(cls=cls) | inspect.DataclassType(cls=cls) if cls in seen:
            return False
        case inspect.StructType(cls=cls) | inspect.DataclassType(cls=cls):
            seen.add(cls)
        case _:
            pass
    return any(_ends(part, seen) for part in _parts(kind))


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=inner):
            yield inner
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            yield from types
        case inspect.CollectionType(item_type=item):
            yield item
        case inspect.DictType() | inspect.FrozenDictType():
            yield from (kind.key_type, kind.value_type)
        case inspect.StructType() | inspect.DataclassType():
            yield from (field.type for field in kind.fields)
        case _:
            pass


def _breaks(path: str, kind: inspect.Type, value: object) -> Iterator[str]:
    if isinstance(kind, inspect.StrType) and kind.pattern is not None and isinstance(value, str):
        if value.endswith("\n") and not re.search(
            kind.pattern, f"{value}\n"
        ):  # a `$` is at the end of this, or nowhere
            yield path
        return
    for name, part, each in _within(kind, value):
        yield from _breaks(f"{path}{name}", part, each)


def _within(kind: inspect.Type, value: object) -> Iterator[tuple[str, inspect.Type, object]]:
    """What *value* is made of, each with its place and its type."""
    match kind:
        case inspect.Metadata(type=inner):
            yield "", inner, value
        case inspect.UnionType(types=types):
            yield from (("", part, value) for part in types)
        case inspect.StructType() | inspect.DataclassType() if isinstance(value, kind.cls):
            yield from ((f".{field.name}", field.type, getattr(value, field.name)) for field in kind.fields)
        case inspect.DictType() | inspect.FrozenDictType() if isinstance(value, Mapping):
            for key, each in cast("Mapping[object, object]", value).items():
                yield f"[key {key!r:.40}]", kind.key_type, key
                yield f"[{key!r:.40}]", kind.value_type, each
        case inspect.TupleType(item_types=items) if isinstance(value, tuple):
            found = cast("tuple[object, ...]", value)
            yield from ((f"[{index}]", *pair) for index, pair in enumerate(zip(items, found, strict=False)))
        case inspect.CollectionType(item_type=item) if isinstance(value, list | tuple | set | frozenset):
            yield from ((f"[{index}]", item, each) for index, each in enumerate(cast("list[object]", value)))
        case _:
            pass

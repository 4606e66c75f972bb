"""What types are made of, as msgspec sees them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import inspect

__all__ = ["bare", "parts_of"]


def bare(kind: inspect.Type) -> inspect.Type:
    """*kind* without what it is annotated with."""
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def parts_of(kind: inspect.Type) -> Iterator[tuple[str, inspect.Type]]:
    """What *kind* is made of, each with the path to it; of a class, its fields."""
    match kind:
        case inspect.Metadata(type=inner):
            yield "", inner
        case inspect.UnionType(types=types):
            yield from (("", part) for part in types)
        case inspect.DictType() | inspect.FrozenDictType():
            yield from (("[key]", kind.key_type), ("[]", kind.value_type))
        case inspect.TupleType(item_types=items):
            yield from ((f"[{index}]", item) for index, item in enumerate(items))
        case inspect.CollectionType(item_type=item):
            yield "[]", item
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType() | inspect.NamedTupleType():
            yield from ((f".{field.name}", field.type) for field in kind.fields)
        case _:
            pass

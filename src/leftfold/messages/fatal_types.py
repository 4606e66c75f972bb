"""Finds types that end the interpreter: msgspec makes a codec of a union that takes one part of it for another."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import UnionType
from typing import Annotated, ClassVar, Final, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Meta

__all__ = ["is_fatal"]

_UNIONS: Final = (Union, UnionType)
_WRAPPERS: Final = (Annotated, ClassVar, Final)
_BOUNDS: Final = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")


def is_fatal(hint: object) -> bool:
    """Whether *hint*, or a field of a class in it, is of such a type.

    That is a union of a text with a pattern and a collection, and a tuple of a given length with a bound beside it.
    """
    waiting: list[object] = [hint]
    seen: set[type] = set()
    while waiting:
        whole = waiting.pop()
        one, _ = _bare(whole)
        if _mixes(whole):
            return True
        waiting += get_args(one)
        cls = get_origin(one) or one
        if isinstance(cls, type) and cls not in seen:
            seen.add(cls)
            waiting += _fields(cls, get_args(one))
    return False


def _mixes(hint: object) -> bool:
    kinds, notes = zip(*map(_bare, _members(hint)), strict=True)
    metas = [meta for each in notes for meta in each]
    if any(meta.pattern for meta in metas) and any(map(_is_open, kinds)):
        return True
    bounded = any(getattr(meta, bound) is not None for meta in metas for bound in _BOUNDS)
    return bounded and any(map(_is_fixed, kinds))


def _members(hint: object) -> Iterator[object]:
    bare, _ = _bare(hint)
    if get_origin(bare) in _UNIONS:
        for member in get_args(bare):
            yield from _members(member)
    else:
        yield hint


def _bare(hint: object) -> tuple[object, tuple[Meta, ...]]:
    """What *hint* is without names and notes, and the notes."""
    metas: list[Meta] = []
    while True:
        metas += (one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Meta))
        inner = getattr(hint, "__value__", None) or getattr(hint, "__supertype__", None)
        if inner is None and (hasattr(hint, "__metadata__") or get_origin(hint) in _WRAPPERS):
            inner = get_args(hint)[0]
        if inner is None:
            return hint, tuple(metas)
        hint = inner


def _is_fixed(hint: object) -> bool:
    """Whether it is a tuple of a given length."""
    return get_origin(hint) is tuple and get_args(hint)[-1:] != (...,)


def _is_open(hint: object) -> bool:
    """Whether it is a collection of any length."""
    cls: object = get_origin(hint) or hint
    if not isinstance(cls, type) or not issubclass(cls, Collection) or issubclass(cls, str | bytes | bytearray):
        return False
    if issubclass(cls, tuple):
        return cls is tuple and not _is_fixed(hint)
    return "__total__" not in vars(cast("type", cls))  # a TypedDict has its fields


def _fields(cls: type, given: tuple[object, ...]) -> Iterator[object]:
    """The types of the fields of *cls*, none when that is not known; *given* stands for its type variables."""
    if not hasattr(cls, "__annotations__"):
        return
    try:
        hints = get_type_hints(cls, include_extras=True)
    except (NameError, TypeError):
        return
    parameters: tuple[object, ...] = getattr(cls, "__parameters__", ())
    meant = dict(zip(parameters, given, strict=False))
    for hint in hints.values():
        variables: tuple[object, ...] = getattr(hint, "__parameters__", ())
        known = bool(variables) and meant.keys() >= set(variables)
        yield hint[tuple(meant[one] for one in variables)] if known else hint

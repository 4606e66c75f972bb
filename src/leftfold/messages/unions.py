"""The event classes that a vocabulary names."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, TypeAlias, Union, get_args, get_origin

from leftfold.errors import DefinitionError

if TYPE_CHECKING:
    from typing_extensions import TypeAliasType

__all__ = ["EventTypes", "members_of"]

EventTypes: TypeAlias = "type[object] | UnionType | TypeAliasType"
"""An event class, or a union or an alias of several."""


def members_of(types: object) -> tuple[type, ...]:
    """The classes of a class, a union or a type alias, in order, each once.

    Raises:
        DefinitionError: something in it is not a class.
    """
    while (aliased := getattr(types, "__value__", None)) is not None:
        types = aliased
    if get_origin(types) in (Union, UnionType):
        members = (member for part in get_args(types) for member in members_of(part))
        return tuple(dict.fromkeys(members))
    if not isinstance(types, type):
        raise DefinitionError(f"{types!r:.80} is not an event class or a union of event classes")
    return (types,)

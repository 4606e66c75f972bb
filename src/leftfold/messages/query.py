"""Queries: questions, each with the type of its answer."""

from __future__ import annotations

from typing import Generic, TypeVar, dataclass_transform

import msgspec

from leftfold.messages.message import MessageType

__all__ = ["Query"]

R_co = TypeVar("R_co", covariant=True)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Query(msgspec.Struct, Generic[R_co], frozen=True, kw_only=True, metaclass=MessageType):
    """Something that is asked: immutable, keyword-only, compared by value.

    Its argument is the type of its answer, as in `Query[Balance | None]`.

    Class keywords:
        name: what it is called outside this program; the class's own name when left out.
        version: version of its fields, counted from 1.

    Raises:
        DefinitionError: at the class statement, for a name or a version that cannot be stored.
        TypeError: at the class statement, for an unknown class keyword.
    """

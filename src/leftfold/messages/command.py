"""Commands: intentions, each with the type of what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, dataclass_transform

import msgspec

from leftfold.messages.message import MessageType

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", covariant=True, default=None)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)

__all__ = ["Command"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Command(msgspec.Struct, Generic[R_co], frozen=True, kw_only=True, metaclass=MessageType):
    """Something that is to be done: immutable, keyword-only, compared by value.

    Its argument is the type of its result, as in `Command[Decimal]`; `Command` alone has None.

    Class keywords:
        name: what it is called outside this program; the class's own name when left out.
        version: version of its fields, counted from 1.

    Raises:
        DefinitionError: at the class statement, for a name or a version that cannot be stored.
        TypeError: at the class statement, for an unknown class keyword.
    """

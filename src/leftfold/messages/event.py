"""Events: facts that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import TypeVar, cast, dataclass_transform, overload

import msgspec

from leftfold.errors import DefinitionError
from leftfold.messages.message import Declaration, MessageType, declaration_in, declare

__all__ = ["Event", "event", "event_flaw", "event_name", "event_version"]

_C = TypeVar("_C")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Event(msgspec.Struct, frozen=True, kw_only=True, metaclass=MessageType):
    """Something that happened: immutable, keyword-only, compared by value.

    Class keywords:
        name: what it is stored under; the class's own name when left out. Give the old name when a class is renamed.
        version: version of its fields, counted from 1. Stored events keep theirs for ever.

    Raises:
        DefinitionError: at the class statement, for a name or a version that cannot be stored.
        TypeError: at the class statement, for an unknown class keyword.
    """


@overload
def event(cls: type[_C], /) -> type[_C]: ...
@overload
def event(*, name: str | None = None, version: int = 1) -> Callable[[type[_C]], type[_C]]: ...
def event(
    cls: type[_C] | None = None, /, *, name: str | None = None, version: int = 1
) -> type[_C] | Callable[[type[_C]], type[_C]]:
    """Give a frozen dataclass a stored name and a version; the class itself stays as it is.

    Args:
        name: what it is stored under; the class's own name when left out.
        version: version of its fields, counted from 1.

    Raises:
        DefinitionError: not a frozen dataclass, or a name or a version that cannot be stored.
    """

    def register(cls: type[_C]) -> type[_C]:
        if isinstance(cls, MessageType):
            raise DefinitionError(f"event {cls.__qualname__}: give name= and version= in its class statement")
        if flaw := event_flaw(cls):
            raise DefinitionError(flaw)
        return declare(cls, name, version)

    return register if cls is None else register(cls)


def event_name(cls: type) -> str:
    """The name that events of this class are stored under.

    Raises:
        DefinitionError: the class is neither an `Event` nor a frozen dataclass.
    """
    return _declaration_of(cls).name


def event_version(cls: type) -> int:
    """The schema version that events of this class are stored with, counted from 1.

    Raises:
        DefinitionError: the class is neither an `Event` nor a frozen dataclass.
    """
    return _declaration_of(cls).version


def event_flaw(cls: type) -> str | None:
    """Why *cls* cannot be an event class, or None when it can."""
    if not isinstance(cast("object", cls), type):
        return f"{cls!r:.80} is no class; give the class of an event"
    if cls is Event:
        return "Event itself is no event: derive from it"
    if isinstance(cls, MessageType):
        return None if issubclass(cls, Event) else f"{cls.__qualname__} is a message, but no event: derive from Event"
    name = cls.__qualname__
    if not is_dataclass(cls):
        return f"event {name}: derive it from Event, or make it a frozen dataclass with @event above it"
    return None if _is_frozen(cls) else f"event {name}: a fact never changes; write @dataclass(frozen=True)"


def _is_frozen(cls: type) -> bool:
    return bool(getattr(getattr(cls, "__dataclass_params__", None), "frozen", False))


def _declaration_of(cls: type) -> Declaration:
    if declared := declaration_in(cls):
        return declared
    if flaw := event_flaw(cls):
        raise DefinitionError(flaw)
    return Declaration(cls.__name__, 1)

"""What refuses a command or query, and domain errors as JSON text and back, to refuse again in the same words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final, TypeAlias

from msgspec import Raw

from leftfold.domain.errors import DomainError
from leftfold.errors import AlreadyExists, DefinitionError, NotFound, UnreadableAnswer
from leftfold.handling.answers import Answer, Refusal
from leftfold.messages.annotations import annotation_flaw, resolved
from leftfold.messages.values import ValueCodec

__all__ = ["REFUSALS", "RefusalError", "refusal_of", "refused_again", "refused_as_it_is"]

RefusalError: TypeAlias = DomainError | NotFound | AlreadyExists
"""Says no to a command or query, and is no fault of the program."""

REFUSALS: Final = (DomainError, NotFound, AlreadyExists)
"""The same, to be caught."""


def refused_as_it_is(stream: str, version: int, *, exists: bool) -> NotFound | AlreadyExists | None:
    """What refuses a command about a stream that has, or has not, to be there; None when it is as it has to be.

    Args:
        version: of the stream, 0 when it has no events.
        exists: True when it has to be there, False when it must not.
    """
    if exists == bool(version):
        return None
    return NotFound(stream) if exists else AlreadyExists(stream, version)


def refusal_of(error: DomainError) -> Refusal:
    """*error* as it is kept.

    Raises:
        DefinitionError: a field has no exact JSON text, or its type is not known at run time.
        InvalidPayload: a field has a value of another type.
    """
    codecs = _codecs(type(error))
    fields = {name: Raw(codecs[name].dump(value)) for name, value in error.fields.items()}
    return Refusal(_name_of(type(error)), fields)


def refused_again(answer: Answer, refusal: Refusal) -> DomainError:
    """The error that refused a command before; raise it.

    Raises:
        UnreadableAnswer: its class is not here any more, or has other fields now.
    """
    cls = next((cls for cls in _errors(DomainError) if _name_of(cls) == refusal.error), None)
    if cls is None:
        reason = f"it was refused with {refusal.error}, which is no DomainError that is imported here"
        raise UnreadableAnswer(answer.id, answer.command, reason)
    try:
        codecs = _codecs(cls)
        return cls(**{name: codecs[name].load(bytes(data)) for name, data in refusal.fields.items()})
    except Exception as error:  # a `__post_init__` of a field's type may raise anything
        reason = f"it was refused with {refusal.error}, whose fields have changed since: {error!r}"
        raise UnreadableAnswer(answer.id, answer.command, reason) from error


def _codecs(cls: type[DomainError]) -> dict[str, ValueCodec]:
    """How each field of an error is written."""
    hints: dict[str, tuple[object, type]] = {
        name: (hint, owner)
        for owner in reversed(cls.__mro__)
        for name, hint in vars(owner).get("__annotations__", {}).items()
    }
    owner = f"error {cls.__qualname__}"
    try:
        known = {
            name: resolved(hint, vars(sys.modules[place.__module__]), None)
            for name, (hint, place) in hints.items()
            if name in cls.__leftfold_fields__
        }
    except NameError as error:
        advice = "define it in a module, so that a command can be refused again in the same words"
        raise DefinitionError(f"{owner}: {annotation_flaw(error)}, and {advice}") from error
    return {name: ValueCodec(hint, owner, name) for name, hint in known.items()}


def _errors(root: type[DomainError]) -> Iterator[type[DomainError]]:
    """Every class derived from *root*, the newest first."""
    for cls in reversed(root.__subclasses__()):
        yield cls
        yield from _errors(cls)


def _name_of(cls: type[DomainError]) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"

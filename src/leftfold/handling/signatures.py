"""What the annotations of a handler say."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Never, NoReturn, Union, get_args, get_origin

from msgspec import Struct

from leftfold.messages.annotations import annotation_flaw, read_signature, resolved

__all__ = ["Signature", "agrees", "described", "place_of", "signature_of"]

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_MISSING = inspect.Parameter.empty


class Signature(Struct, frozen=True):
    """The parameters of a function and what it returns, every annotation resolved.

    Args:
        where: the function's name, for findings.
        parameters: what each is annotated with, in order; those that are not understood are left out.
        returned: what it returns, when that is `told`; None when nothing.
        findings: what is missing or not understood.
    """

    where: str
    parameters: Mapping[str, object]
    returned: object
    findings: tuple[str, ...]

    @property
    def told(self) -> bool:
        """Whether it says what it returns, in words that are understood; a finding says so otherwise."""
        return self.returned is not _MISSING


def signature_of(function: Callable[..., object]) -> Signature:
    """Read a function's annotations; names local to the function that is running now, and registers it, are known.

    Raises:
        DefinitionError: it is no function, or none that tells what it takes.
    """
    where, findings = place_of(function), list[str]()
    read = read_signature(function)
    frame = inspect.currentframe()

    def known(annotation: object, what: str, advice: str) -> object:
        if annotation is _MISSING:
            findings.append(f"{where}: {what} has no annotation; {advice}")
            return _MISSING
        try:
            return resolved(annotation, getattr(function, "__globals__", {}), frame)
        except NameError as error:
            findings.append(f"{where}, {what}: {annotation_flaw(error)}")
        except Exception as error:  # noqa: BLE001 - an annotation is any expression
            findings.append(f"{where}, {what}: the annotation {annotation!r:.80} is not understood: {error}")
        return _MISSING

    parameters: dict[str, object] = {}
    for name, parameter in read.parameters.items():
        hint = known(parameter.annotation, f"parameter {name!r}", "name what it is to be given")
        if parameter.kind not in _NAMED:
            findings.append(f"{where}: parameter {name!r} is no plain parameter; write no *, ** or / here")
        elif parameter.default is not _MISSING:
            findings.append(f"{where}: the default of parameter {name!r} would never be used; leave it out")
        elif hint is not _MISSING:
            parameters[name] = hint
    returned = known(read.return_annotation, "its result", "write -> None when it returns nothing")
    return Signature(where, parameters, returned, tuple(findings))


def place_of(function: Callable[..., object]) -> str:
    """Where a function is, as module and name."""
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"


def described(hint: object) -> str:
    """A type as its author wrote it, more or less."""
    return hint.__qualname__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def agrees(returned: object, declared: object) -> bool:
    """Whether a function that returns one type may answer for a message that declares the other.

    Every member of a union has to agree with one of the declared ones. A class agrees with its bases; generic types
    agree when their arguments do.
    """
    members, wanted = _members(returned), _members(declared)
    return any(each is Any or each is object for each in wanted) or all(
        any(_fits(member, each) for each in wanted) for member in members
    )


def _members(hint: object) -> tuple[object, ...]:
    while (aliased := getattr(hint, "__value__", None)) is not None:
        hint = aliased
    if get_origin(hint) in (Union, UnionType):
        return tuple(member for part in get_args(hint) for member in _members(part))
    return () if hint is Never or hint is NoReturn else (type(None) if hint is None else hint,)


def _fits(one: object, other: object) -> bool:
    if one == other:
        return True
    arguments, wanted = get_args(one), get_args(other)
    kind, base = get_origin(one) or one, get_origin(other) or other
    if not (isinstance(kind, type) and isinstance(base, type) and issubclass(kind, base)):
        return False
    return not arguments or not wanted or (len(arguments) == len(wanted) and all(map(agrees, arguments, wanted)))

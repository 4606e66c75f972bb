"""Upcasts: pure functions from the class an event was stored in to the classes that stand for it today."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import EllipsisType, FrameType, NoneType, UnionType
from typing import Any, ForwardRef, TypeAlias, Union, cast, get_args, get_origin

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidPayload, UpcastFailed
from leftfold.messages.annotations import Function, annotation_flaw, parameter_types, plain_flaw, resolved
from leftfold.messages.event import event_flaw

__all__ = ["Returns", "Upcast", "UpcastFault", "Upcaster", "upcaster_of"]

Upcast: TypeAlias = Callable[[Any], object]
"""A plain function `def f(old: OldEvent) -> NewEvent`.

What it is annotated to return says what becomes of the old event: a class stands for it; a tuple, `tuple[A, B]` or
`tuple[A | B, ...]`, splits it; `None` drops it; of a union one alternative comes out.
"""


class UpcastFault(Exception):
    """An upcast raised, or returned what it does not declare, or fields of other types.

    Whoever reads the event knows where, and raises `at`.

    Args:
        function: the upcast's qualified name.
        reason: what it did.
    """

    def __init__(self, function: str, reason: str) -> None:
        self.function = function
        self.reason = reason
        super().__init__(f"{function} {reason}")

    @classmethod
    def raised(cls, function: Function, error: Exception) -> UpcastFault:
        """*function* raised *error*; raise this from it."""
        return cls(_qualified(function), f"raised {type(error).__name__}: {error}")

    @classmethod
    def returned(cls, function: Function, result: object) -> UpcastFault:
        """*function* returned *result*."""
        declared = inspect.signature(function).return_annotation
        return cls(_qualified(function), f"returned {result!r:.80}, but is declared to return {declared}")

    @classmethod
    def unsound(cls, function: Function, result: object, error: InvalidPayload) -> UpcastFault:
        """*function* returned *result*, whose fields are not of their types; raise this from *error*."""
        return cls(_qualified(function), f"returned a {type(result).__qualname__} that could not be stored: {error}")

    def at(self, stream: str, version: int, type: str, schema_version: int) -> UpcastFailed:
        """The error for the stored event that it happened to; raise it from the cause of this."""
        return UpcastFailed(stream, version, type, schema_version, self.function, self.reason)


class _Tuple(Struct, frozen=True):
    """A tuple in a return annotation: the classes that may stand at each place, or, repeated, at any of them."""

    places: tuple[tuple[type, ...], ...]
    repeated: bool

    def fits(self, events: tuple[object, ...]) -> bool:
        places = self.places * len(events) if self.repeated else self.places
        return len(events) == len(places) and all(
            type(event) in classes for event, classes in zip(events, places, strict=True)
        )


class Returns(Struct, frozen=True):
    """What a return annotation allows to come out.

    Args:
        single: the classes of which one may come out as it is.
        nothing: whether None may, which drops the event.
        tuples: the tuples that may, which split it.
    """

    single: tuple[type, ...]
    nothing: bool
    tuples: tuple[_Tuple, ...]

    @property
    def classes(self) -> tuple[type, ...]:
        """Every class named, in order, each once."""
        split = (cls for form in self.tuples for classes in form.places for cls in classes)
        return tuple(dict.fromkeys((*self.single, *split)))

    def split(self, result: object) -> tuple[object, ...] | None:
        """The events in *result*, or None when it is not one of these tuples."""
        if type(result) is not tuple:
            return None
        events = cast("tuple[object, ...]", result)
        return events if any(form.fits(events) for form in self.tuples) else None


class Upcaster(Struct, frozen=True):
    """An upcast, and what its annotations say of it.

    Args:
        function: the upcast.
        sources: the classes it takes.
        returns: what may come out.
    """

    function: Upcast
    sources: tuple[type, ...]
    returns: Returns

    @property
    def name(self) -> str:
        """Qualified name of the function."""
        return _qualified(self.function)

    @property
    def only(self) -> type | None:
        """The class that comes out once for each event, or None when it may be otherwise."""
        returns = self.returns
        return returns.single[0] if len(returns.single) == 1 and not (returns.nothing or returns.tuples) else None

    def results(self, event: object) -> tuple[object, ...]:
        """What becomes of *event*.

        Raises:
            UpcastFault: the function raised, or returned what it does not declare.
        """
        try:
            result = self.function(event)
        except Exception as error:
            raise UpcastFault.raised(self.function, error) from error
        returns = self.returns
        if type(result) in returns.single:
            return (result,)
        if result is None and returns.nothing:
            return ()
        if (events := returns.split(result)) is not None:
            return events
        raise UpcastFault.returned(self.function, result)


def upcaster_of(function: Upcast, caller: FrameType | None) -> Upcaster:
    """Read the annotations of an upcast.

    Args:
        function: a plain function of one parameter.
        caller: the frame of the statement that registers it; its local names are known to annotations, too.

    Raises:
        DefinitionError: it is no such function, or an annotation is missing or says nothing about events. It lists
            every finding.
    """
    findings = list(_shape_flaws(function))
    if findings:
        raise DefinitionError(*findings)
    sources: tuple[type, ...] = ()
    returns = Returns((), nothing=False, tuples=())
    try:
        sources = parameter_types(function, 0, caller)
    except DefinitionError as error:
        findings.extend(error.findings)
    try:
        returns = _returns(function, caller)
    except DefinitionError as error:
        findings.extend(error.findings)
    findings.extend(
        f"{_qualified(function)}: {flaw}" for cls in (*sources, *returns.classes) if (flaw := event_flaw(cls))
    )
    if findings:
        raise DefinitionError(*findings)
    return Upcaster(function, sources, returns)


def _shape_flaws(function: Upcast) -> Iterator[str]:
    name = _qualified(function)
    if not inspect.isroutine(function):
        yield f"{name} is no function; write def f(old: OldEvent) -> NewEvent"
    elif inspect.isgeneratorfunction(function):
        yield f"{name} yields; return a tuple of events instead"
    elif flaw := plain_flaw(function):
        yield f"{name} {flaw}"
    elif (count := len(inspect.signature(function).parameters)) != 1:
        yield f"{name} has {count} parameters; an upcast takes the old event, and nothing else"


def _returns(function: Upcast, caller: FrameType | None) -> Returns:
    name, module = _qualified(function), getattr(function, "__globals__", {})
    annotation = inspect.signature(function).return_annotation
    if annotation is inspect.Signature.empty:
        raise DefinitionError(f"{name}: annotate what it returns: an event class, a tuple of them, or None")
    single: list[type] = []
    tuples: list[_Tuple] = []
    nothing = False
    try:
        for form in _alternatives(annotation, module, caller):
            if form is NoneType:
                nothing = True
            elif get_origin(form) is tuple:
                tuples.append(_tuple(get_args(form), module, caller))
            else:
                single.append(_event_class(form))
    except (DefinitionError, NameError) as error:
        raise DefinitionError(f"{name}, what it returns: {annotation_flaw(error)}") from error
    return Returns(tuple(single), nothing, tuple(tuples))


def _tuple(items: tuple[object, ...], module: dict[str, object], caller: FrameType | None) -> _Tuple:
    repeated = isinstance(items[-1], EllipsisType) if items else False
    places = [
        tuple(_event_class(each) for each in _alternatives(item, module, caller))
        for item in (items[:-1] if repeated else items)
    ]
    return _Tuple(tuple(places), repeated)


def _alternatives(hint: object, module: dict[str, object], caller: FrameType | None) -> Iterator[object]:
    """The members of a union, an alias or their names, each once for all; None as its class."""
    hint = resolved(hint.__forward_arg__ if isinstance(hint, ForwardRef) else hint, module, caller)
    while (aliased := getattr(hint, "__value__", None)) is not None:
        hint = aliased
    if get_origin(hint) in (Union, UnionType):
        for part in get_args(hint):
            yield from _alternatives(part, module, caller)
    else:
        yield NoneType if hint is None else hint


def _event_class(form: object) -> type:
    if not isinstance(form, type) or get_origin(form) is not None or form in (tuple, NoneType):
        raise DefinitionError(f"{form!r:.80} is no event class; name classes, tuple[A, B], tuple[A, ...], or None")
    return form


def _qualified(function: Function) -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    return f"{module}.{name}" if module and name else repr(function)[:80]

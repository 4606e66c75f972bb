"""Reads the message classes that functions name in their annotations."""

from __future__ import annotations

import inspect
from collections import ChainMap
from collections.abc import Callable, Iterator
from types import FrameType

from leftfold.errors import DefinitionError
from leftfold.messages.unions import members_of

__all__ = ["Function", "annotation_flaw", "parameter_types", "read_signature", "resolved", "waiting_flaw"]

Function = Callable[..., object]


def parameter_types(function: Function, index: int, caller: FrameType | None) -> tuple[type, ...]:
    """The classes that the annotation of a positional parameter names, a union's in order.

    Args:
        function: a plain function; coroutine functions are refused, for what is pure never waits.
        index: of the parameter, counted from 0.
        caller: the frame of the statement that defines things; its local names are known to annotations, too.

    Raises:
        DefinitionError: no such parameter, no annotation, or one that names no classes.
    """
    where = getattr(function, "__name__", repr(function))
    if flaw := waiting_flaw(function):
        raise DefinitionError(f"{where} {flaw}")
    parameters = list(read_signature(function).parameters.values())
    if len(parameters) <= index:
        raise DefinitionError(f"{where} needs {index + 1} parameters, it has {len(parameters)}")
    parameter = parameters[index]
    if parameter.annotation is inspect.Parameter.empty:
        raise DefinitionError(f"{where}: annotate the parameter {parameter.name!r} with its class or union")
    try:
        return members_of(resolved(parameter.annotation, getattr(function, "__globals__", {}), caller))
    except (DefinitionError, NameError) as error:
        raise DefinitionError(f"{where}, parameter {parameter.name!r}: {annotation_flaw(error)}") from error


def read_signature(function: Function) -> inspect.Signature:
    """What *function* takes and returns, as it is written.

    Raises:
        DefinitionError: it is no function, or none that tells.
    """
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{function!r:.80} is no function; write the decorator above one") from error


def waiting_flaw(function: Function) -> str | None:
    """Why *function* is not a plain one, when it is async; None when it is plain."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is async; deciding, folding and upcasting are pure, write a plain def"
    return None


def resolved(annotation: object, module: dict[str, object], caller: FrameType | None) -> object:
    """What an annotation stands for; one that is text is looked up in *module*, then in *caller* and what called it.

    Raises:
        NameError: it is text and names something that neither has.
    """
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, module)
    except NameError:
        return eval(annotation, module, ChainMap(*_local_names(module, caller)))


def annotation_flaw(error: Exception) -> str:
    """What to do about an annotation that *error* says is not understood."""
    if isinstance(error, NameError):
        return f"the name {error.name!r} is not known at run time; import it outside TYPE_CHECKING"
    return str(error)


def _local_names(module: dict[str, object], frame: FrameType | None) -> Iterator[dict[str, object]]:
    while frame is not None:
        if frame.f_globals is module:
            yield frame.f_locals
        frame = frame.f_back

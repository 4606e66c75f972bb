"""Reads the message classes that functions name in their annotations."""

from __future__ import annotations

import inspect
from collections import ChainMap
from collections.abc import Callable, Iterator
from types import FrameType, UnionType
from typing import Any, Union, get_args, get_origin

from leftfold.errors import DefinitionError
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.unions import members_of

__all__ = [
    "Function",
    "annotation_flaw",
    "awaited_flaw",
    "parameter_types",
    "plain_flaw",
    "read_signature",
    "recorded_flaw",
    "resolved",
    "waiting_flaw",
]

Function = Callable[..., object]


def parameter_types(
    function: Function, index: int, caller: FrameType | None, *, may_yield: bool = False
) -> tuple[type, ...]:
    """The classes that the annotation of a positional parameter names, a union's in order.

    Args:
        function: a plain function; coroutine functions are refused, for what is pure never waits.
        index: of the parameter, counted from 0.
        caller: the frame of the statement that defines things; its local names are known to annotations, too.
        may_yield: whether a generator function will do, because what it returns is gone through.

    Raises:
        DefinitionError: it is no plain function, no such parameter, no annotation, or one that names no classes.
    """
    where = getattr(function, "__name__", repr(function))
    if flaw := _idle_flaw(function, may_yield=may_yield):
        raise DefinitionError(f"{where} {flaw}")
    parameters = list(read_signature(function).parameters.values())
    if len(parameters) <= index:
        raise DefinitionError(f"{where} needs {index + 1} parameters, it has {len(parameters)}")
    parameter = parameters[index]
    if flaw := _by_name_flaw(parameter):
        raise DefinitionError(f"{where} {flaw}")
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


def awaited_flaw(function: Function) -> str | None:
    """What to write instead of *function*, which is to be awaited; None when it can be."""
    if inspect.isasyncgenfunction(function):
        return "it yields, and cannot be awaited; write it without yield"
    return None if inspect.iscoroutinefunction(function) else "write async def"


def plain_flaw(function: Function) -> str | None:
    """Why *function* cannot be called with what it takes, in its order, for what it returns; None when it can."""
    if (flaw := _idle_flaw(function, may_yield=False)) is not None:
        return flaw
    parameters = read_signature(function).parameters.values()
    return next((flaw for each in parameters if (flaw := _by_name_flaw(each)) is not None), None)


def recorded_flaw(function: Function, index: int, caller: FrameType | None) -> str | None:
    """Why the parameter at *index*, which is handed a `RecordedEvent`, is for something else; None when it is for that.

    One that does not say what it is for is handed it as well, unless it has a default.
    """
    parameter = list(read_signature(function).parameters.values())[index]
    said = f"is handed a RecordedEvent for {parameter.name!r}"
    hint: object = Any
    if parameter.annotation is not parameter.empty:
        try:
            hint = resolved(parameter.annotation, getattr(function, "__globals__", {}), caller)
        except (DefinitionError, NameError) as error:
            return f"{said}: {annotation_flaw(error)}"
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if any(part is RecordedEvent or get_origin(part) is RecordedEvent for part in parts):
        return None
    if parameter.default is not parameter.empty:
        return f"{said}, never its default"
    return None if hint in (Any, object) else f"{said}, not {getattr(hint, '__name__', hint)!s:.80}"


def resolved(annotation: object, module: dict[str, object], caller: FrameType | None) -> object:
    """What an annotation stands for; one that is text is looked up in *module*, then in *caller* and what called it.

    Raises:
        NameError: it is text and names something that neither has.
        DefinitionError: it is text, and *caller* has something else of that name than *module*.
    """
    if not isinstance(annotation, str):
        return annotation
    try:
        found = eval(annotation, module)
    except NameError:
        return eval(annotation, module, ChainMap(*_local_names(module, caller)))
    here = next(_local_names(module, caller), module)
    for name in compile(annotation, "", "eval").co_names:
        if name in here and here[name] is not module.get(name, here[name]):
            raise DefinitionError(
                f"{name!r} is one thing in the module and another in the function that runs here; give one of the two "
                "another name"
            )
    return found


def annotation_flaw(error: Exception) -> str:
    """What to do about an annotation that *error* says is not understood."""
    if isinstance(error, NameError):
        return f"the name {error.name!r} is not known at run time; import it outside TYPE_CHECKING"
    return str(error)


def _idle_flaw(function: Function, *, may_yield: bool) -> str | None:
    if (flaw := waiting_flaw(function)) is not None:
        return flaw
    if inspect.isgeneratorfunction(function) and not may_yield:
        return "yields, so a call of it does nothing yet; write a plain def that returns"
    return None


def _by_name_flaw(parameter: inspect.Parameter) -> str | None:
    if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
        return f"takes {parameter.name!r} by its name alone; write no * before it"
    return None


def _local_names(module: dict[str, object], frame: FrameType | None) -> Iterator[dict[str, object]]:
    while frame is not None:
        if frame.f_globals is module:
            yield frame.f_locals
        frame = frame.f_back

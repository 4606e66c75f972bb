"""What a context registers that takes events or sends commands, and where each is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Literal, TypeAlias, cast

from msgspec import Struct

from leftfold.contexts.context import Context
from leftfold.flow.graph import NodeKind, node_id
from leftfold.processes.defining import saga_definition
from leftfold.processes.definition import GuidedDefinition

__all__ = ["Handler", "code_place", "handlers_of", "senders_of", "written_as"]

_Function: TypeAlias = Callable[..., object]
_Kind: TypeAlias = Literal["reaction", "projection", "process", "start", "translation"]


class Handler(Struct, frozen=True, kw_only=True):
    """Something that takes events.

    Args:
        kind: what it is to its author; a *start* begins sagas.
        name: as it is registered.
        events: classes that it takes.
        function: as its author wrote it.
    """

    kind: _Kind
    name: str
    events: frozenset[type]
    function: _Function

    @property
    def module(self) -> str:
        """The module that it is written in."""
        return str(getattr(self.function, "__module__", ""))

    @property
    def place(self) -> str:
        """Where it is written, as `path:line`."""
        return code_place(self.function)


def handlers_of(context: Context) -> Iterator[Handler]:
    """Everything of *context* that takes events, in the order of registration within each kind."""
    for reaction in context.reactions:
        yield Handler(kind="reaction", name=reaction.name, events=reaction.events, function=reaction.function)
    translating = {id(one) for one in context.translations}
    for sending in context.command_reactions:
        kind: _Kind = "translation" if id(sending) in translating else "reaction"
        yield Handler(kind=kind, name=sending.name, events=sending.events, function=written_as(sending.react))
    for projection in context.projections:
        function = written_as(projection.fold)
        yield Handler(kind="projection", name=projection.name, events=projection.events, function=function)
    for process in context.processes:
        yield Handler(kind="process", name=process.name, events=process.events, function=written_as(process.decide))
    for start in context.saga_starts:
        yield Handler(kind="start", name=start.name, events=start.events, function=written_as(start.start))


def senders_of(context: Context) -> Iterator[tuple[str, _Function]]:
    """Everything of *context* that sends commands: its id in the flow, and the function as its author wrote it."""
    kinds: dict[str, NodeKind] = {"reaction": "reaction", "translation": "reaction", "process": "process"}
    for handler in handlers_of(context):
        if kind := kinds.get(handler.kind):
            yield node_id(kind, context.name, handler.name), handler.function
    for cls in context.sagas:
        definition = saga_definition(cls, context.name)
        if isinstance(definition, GuidedDefinition):
            yield definition.via("run"), definition.function.call
        for plan in definition.plans:
            yield definition.via(plan.name), plan.step.do
            if plan.step.undoing is not None:
                yield definition.via(plan.name, undo=True), plan.step.undoing


def written_as(function: _Function) -> _Function:
    """The function that an author wrote, of the one that was made from it when it was registered."""
    for _ in range(4):
        inner = _closed_over(function).get("function")
        if not callable(inner):
            break
        function = inner
    return function


def code_place(thing: object) -> str:
    """Where a function or a class is written, as `path:line`; empty when it has no source text."""
    if isinstance(thing, type):
        try:
            return f"{inspect.getsourcefile(thing)}:{inspect.getsourcelines(thing)[1]}"
        except (OSError, TypeError):
            return ""
    code = getattr(inspect.unwrap(cast("Any", thing)), "__code__", None) if callable(thing) else None
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def _closed_over(function: _Function) -> dict[str, object]:
    if not isinstance(function, FunctionType) or not function.__module__.startswith("leftfold."):
        return {}
    found: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        found[name] = cell.cell_contents
    return found

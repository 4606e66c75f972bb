"""Sagas: business transactions of several steps, each of which can be undone."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, TypeGuard, TypeVar, dataclass_transform

import msgspec
from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.message import declaration_in, declare
from leftfold.processes.declaring import Parallel, Step
from leftfold.processes.limits import time_flaw

__all__ = ["Declared", "Saga", "SagaType", "check_saga", "check_saga_class", "declared_in"]

S = TypeVar("S", bound="Saga")

_MARK: Final = "__leftfold_saga__"


class Declared(Struct, frozen=True):
    """What the class statement of a saga said.

    Args:
        groups: its steps in order; those of one group are begun at the same moment.
        deadline: from its beginning; None for none.
        function: what does its steps, when it is written as one; it has no groups then.
    """

    groups: tuple[tuple[Step[Any], ...], ...]
    deadline: timedelta | None
    function: Callable[..., Awaitable[None]] | None = None

    @property
    def steps(self) -> tuple[Step[Any], ...]:
        """All of them, in order."""
        return tuple(step for group in self.groups for step in group)


class SagaType(msgspec.StructMeta):
    """Makes keyword-only structs of sagas, and checks their steps."""

    def __new__(
        mcls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | None = None,
        version: int = 1,
        deadline: timedelta | None = None,
        kw_only: bool = True,
    ) -> SagaType:
        if not kw_only:
            raise DefinitionError(f"saga {class_name}: fields are always keyword-only")
        made = super().__new__(mcls, class_name, bases, namespace, kw_only=True)
        if not any(isinstance(base, SagaType) for base in bases):
            return made  # Saga itself
        declare(made, name, version)
        run = namespace.get("run")
        function = run if inspect.isfunction(run) else None
        declared = Declared(tuple(_groups(namespace)), deadline, function)
        findings = [*_base_findings(bases), *_findings(declared, namespace), *_name_findings(namespace, made)]
        findings += _forgotten(declared, namespace)
        if findings := [f"saga {class_name}: {finding}" for finding in findings]:
            raise DefinitionError(*findings)
        setattr(made, _MARK, declared)
        return made

    def __init__(
        cls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | None = None,
        version: int = 1,
        deadline: timedelta | None = None,
        kw_only: bool = True,
    ) -> None:
        super().__init__(class_name, bases, namespace)


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Saga(Struct, kw_only=True, metaclass=SagaType):
    """A business transaction of several steps; when one fails, those before it are undone in reverse.

    Its fields are its state, kept with every step that is done. It ends *completed*, *compensated*, or *stuck*: with
    something that waits for a person.

    Class keywords:
        name: what its instances are kept under; the class's own name when left out.
        version: of its steps and fields, counted from 1; raise it when they change. Instances that run keep theirs, so
            keep the old class, under another class name, as long as there are some.
        deadline: how long an instance may take; then it is undone, unless its pivot is done.

    Raises:
        DefinitionError: at the class statement, for every finding about its steps.

    Source: Garcia-Molina and Salem 1987, "Sagas".
    """


def declared_in(cls: type[Saga]) -> Declared:
    """What the class statement of *cls* said.

    Raises:
        DefinitionError: it is `Saga` itself.
    """
    found: object = vars(cls).get(_MARK)
    if not isinstance(found, Declared):
        raise DefinitionError(f"{cls.__qualname__} has no steps; derive a class from Saga, and write its steps there")
    return found


def check_saga(given: object) -> None:
    """Raise `DefinitionError` unless *given* is a saga that can begin, and not its class or another thing."""
    if not isinstance(given, Saga):
        raise DefinitionError(f"{given!r:.80} is no saga; give a value of a class derived from Saga, with its fields")


def check_saga_class(given: object) -> None:
    """Raise `DefinitionError` unless *given* is a class of sagas."""
    if not isinstance(given, SagaType):
        raise DefinitionError(f"{given!r:.80} is no class of sagas; give a class derived from Saga")


def _groups(namespace: dict[str, Any]) -> Iterator[tuple[Step[Any], ...]]:
    values: Sequence[object] = list(namespace.values())
    together = [step for value in values if isinstance(value, Parallel) for step in value.steps]
    for value in values:
        if isinstance(value, Parallel):
            yield value.steps
        elif _is_step(value) and value not in together:
            yield (value,)


def _is_step(value: object) -> TypeGuard[Step[Any]]:
    return isinstance(value, Step)


def _findings(declared: Declared, namespace: dict[str, Any]) -> Iterator[str]:
    steps = declared.steps
    values: Sequence[object] = list(namespace.values())
    if not steps and declared.function is None:
        yield "it has no steps; write one with @step, or do them in async def run(self, steps: Steps)"
    if steps and declared.function is not None:
        yield f"it has a function run and the step {steps[0].name!r}; do the steps in one or the other way"
    if declared.deadline is not None and (flaw := time_flaw("deadline", declared.deadline)):
        yield flaw
    yield from (f"parallel step {one.name!r} is no step of this class" for one in steps if one not in values)
    yield from (f"step {one.name!r} stands here twice" for one in dict.fromkeys(steps) if steps.count(one) > 1)
    yield from (
        f"parallel() begins several steps at once, and has {len(value.steps)}"
        for value in values
        if isinstance(value, Parallel) and len(value.steps) < 2
    )
    pivots = [one.name for one in steps if one.pivot]
    if len(pivots) > 1:
        yield f"there is one pivot at most; {', '.join(map(repr, pivots))} are declared so"
    behind = False
    for group in declared.groups:
        for one in group:
            yield from _step_findings(one, behind=behind, alone=len(group) == 1)
        behind = behind or any(one.pivot for one in group)


def _base_findings(bases: tuple[type, ...]) -> Iterator[str]:
    for base in bases:
        if _MARK in vars(base):
            yield f"it is derived from the saga {base.__qualname__}, whose steps it would lose; derive it from Saga"
            continue
        for lender in base.__mro__:
            for name in (name for name, value in vars(lender).items() if _is_step(value)):
                yield f"step {name!r} of {lender.__qualname__} would be lost; write it in the class itself"


def _name_findings(namespace: dict[str, Any], made: SagaType) -> Iterator[str]:
    """Journals and keys name a step by its function, and everybody else by the class."""
    named = declaration_in(made)
    if named is not None and "/" in named.name:
        yield f"its name {named.name!r} holds '/', which stands between it and the id of an instance; use another sign"
    for name, value in namespace.items():
        if _is_step(value) and value.name != name:
            yield f"step {value.name!r} stands here as {name!r}; give the function that name"
        elif _is_step(value) and name in made.__struct_fields__:
            yield f"step {name!r} has the name of a field; give one of them another"


def _forgotten(declared: Declared, namespace: dict[str, Any]) -> Iterator[str]:
    """Methods that look like steps and are none; a function `run` may hand them to its steps."""
    if declared.function is not None:
        return
    undos = [one.undoing for one in declared.steps]
    for name, value in namespace.items():
        if inspect.iscoroutinefunction(value) and not name.startswith("_") and value not in undos:
            yield (
                f"{name!r} is async and no step, so nobody would call it; write @step above it, or the undo of its "
                f"step, and call it _{name} if it is a helper"
            )


def _step_findings(one: Step[Any], *, behind: bool, alone: bool) -> Iterator[str]:
    yield from (f"step {one.name!r}: {flaw}" for flaw in one.flaws())
    if one.pivot and not alone:
        yield f"step {one.name!r} is the pivot, and begun together with others; give it a place of its own"
    if behind and (one.undoing is not None or not one.undoable):
        extra = "its undo" if one.undoing is not None else "undoable=False"
        yield f"step {one.name!r} comes after the pivot, from where nothing is undone; leave {extra} out"
    elif not behind and not one.pivot and one.undoable and one.undoing is None:
        yield (
            f"step {one.name!r} has no undo; write one with @{one.name}.undo, or say @step(undoable=False) when there "
            "is nothing to undo"
        )
    elif one.undoing is not None and not one.undoable:
        yield f"step {one.name!r} has an undo, and says undoable=False; leave one of the two out"

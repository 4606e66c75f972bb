"""Deciders: pure functions that decide, and a state that is a left fold of events."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, Generic, TypeVar, cast

from leftfold.domain.core import category_flaw, snapshot_flaws, vocabulary_flaws
from leftfold.errors import DefinitionError
from leftfold.messages.annotations import Function, parameter_types, resolved

__all__ = ["Decider"]

_C = TypeVar("_C")
_S = TypeVar("_S")
_E = TypeVar("_E")


class Decider(Generic[_C, _S, _E]):
    """A consistency boundary as two pure functions and a value.

    Args:
        decide: what happens when a command meets a state: the new events, none when there is nothing to do. It raises
            a `DomainError` to refuse.
        evolve: the state after one more event.
        initial: the state before the first event; each stream begins with one of its own, if it can change.
        category: first part of its streams' names; has no hyphen.
        snapshot_every: take a snapshot when so many events came since the last one; None means never.
        state_version: raise it when *evolve* changes and the type of the state does not: older snapshots are then
            ignored.

    Its vocabulary, its commands and the type of its state are read from the annotations of *evolve* and *decide*.

    Raises:
        DefinitionError: an annotation is missing or names no event class, a function is async or takes something else,
            or the category is bad.

    Source: Chassaing, Functional Event Sourcing Decider, 2021.
    """

    def __init__(
        self,
        decide: Callable[[_C, _S], Iterable[_E]],
        evolve: Callable[[_S, _E], _S],
        initial: _S,
        *,
        category: str,
        snapshot_every: int | None = None,
        state_version: int = 1,
    ) -> None:
        findings = snapshot_flaws(snapshot_every, state_version)
        functions: tuple[tuple[object, str], ...] = ((decide, "command, state"), (evolve, "state, event"))
        for function, takes in functions:
            if not callable(function) or isinstance(function, type):
                raise DefinitionError(
                    f"decider {category!r}: {function!r:.80} is no function; give one that takes ({takes})"
                )
        frame = inspect.currentframe()

        def types(function: Function, index: int, *, may_yield: bool = False) -> tuple[type, ...]:
            try:
                return parameter_types(function, index, frame and frame.f_back, may_yield=may_yield)
            except DefinitionError as error:
                findings.extend(error.findings)
                return ()

        self.decide = decide
        self.evolve = evolve
        self.initial = initial
        self.category = category
        self.snapshot_every = snapshot_every
        self.state_version = state_version
        self.commands: tuple[type, ...] = types(decide, 0, may_yield=True)
        self.vocabulary: tuple[type, ...] = types(evolve, 1)
        if not findings:
            findings += [*_arity_flaws(decide, "command, state"), *_arity_flaws(evolve, "state, event")]
        findings.extend(vocabulary_flaws(self.vocabulary))
        if flaw := category_flaw(category):
            findings.append(f"category {category!r:.80} {flaw}")
        self.state_type: object = _state_type(evolve, frame and frame.f_back)
        if findings:
            raise DefinitionError(*(f"decider {category!r}: {finding}" for finding in findings))

    def decided(self, command: _C, state: _S) -> tuple[_E, ...]:
        """What *decide* answers, checked against the vocabulary.

        Raises:
            DefinitionError: it answered with None, or with something that is not of the vocabulary.
            DomainError: it refused.
        """
        answer = cast("Iterable[_E] | None", self.decide(command, state))
        if answer is None:
            raise DefinitionError(
                f"decider {self.category!r} answered {type(command).__qualname__} with None; let it return events, "
                "[] for none, or raise a DomainError"
            )
        if not isinstance(cast("object", answer), Iterable):
            raise DefinitionError(
                f"decider {self.category!r} answered {type(command).__qualname__} with a {type(answer).__qualname__}; "
                "let it return a list of events"
            )
        events = tuple(answer)
        for event in events:
            if type(event) not in self.vocabulary:
                known = ", ".join(cls.__name__ for cls in self.vocabulary)
                raise DefinitionError(
                    f"decider {self.category!r} decided a {type(event).__qualname__}; its events are: {known}"
                )
        return events

    def __repr__(self) -> str:
        return f"<Decider {self.category!r} of {', '.join(cls.__name__ for cls in self.vocabulary)}>"


def _arity_flaws(function: Function, takes: str) -> Iterator[str]:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        yield f"{getattr(function, '__name__', repr(function))} takes ({takes}), and nothing else"


def _state_type(evolve: Function, caller: FrameType | None) -> object:
    """What the annotation of the state stands for, the `NameError` when it is unknown, `Any` when there is none."""
    parameter = next(iter(inspect.signature(evolve).parameters.values()), None)
    if parameter is None or parameter.annotation is inspect.Parameter.empty:
        return Any
    try:
        return resolved(parameter.annotation, getattr(evolve, "__globals__", {}), caller)
    except NameError as error:
        return error

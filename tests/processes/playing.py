"""Sagas of any shape, played without a store: outcomes are chosen, and what may have happened in the world is noted."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold import Aggregate, DomainError, Event, Outcome, Repository, Retry, Saga, applies, parallel, step
from leftfold.processes import SagaDefinition, Step, StepRecord, saga_definition
from leftfold.processes.definition import StepPlan
from leftfold.processes.journal import Journal
from leftfold.processes.planning import Do, Finish, Undo, Until, left_behind, planned
from leftfold.processes.trying import Tried, heard, undo_heard

__all__ = ["START", "End", "Form", "Play", "Refused", "definition_of"]

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MOVES: Final = 2_000

End: TypeAlias = Literal["done", "refused", "lost", "failed", "killed"]
"""How a try ends. `lost`: it was done, and nobody hears so. `failed`: it was not, and nobody hears so. `killed`: the
worker was."""


class Refused(DomainError):
    """No."""


class Opened(Event):
    pass


class Box(Aggregate[Opened]):
    @applies
    def _opened(self, event: Opened) -> None:
        pass


class Form(Struct, frozen=True):
    """A step of a shape.

    Args:
        with_next: whether it is begun together with the one after it.
        undo: whether it has one.
        tries: how often it is tried; None for the rule of its place.
    """

    name: str
    pivot: bool = False
    transactional: bool = False
    undo: bool = True
    with_next: bool = False
    tries: int | None = 2
    undo_tries: int = 2


def definition_of(forms: Sequence[Form], deadline: timedelta | None = None) -> SagaDefinition:
    """The saga of these steps."""
    behind = False
    body: dict[str, Any] = {"__module__": __name__}
    together: list[Step[Any]] = []
    for form in forms:
        made = body[form.name] = _step(form, behind=behind)
        together.append(made)
        if not form.with_next:
            if len(together) > 1:
                body[f"with_{form.name}"] = parallel(*together)
            together = []
        behind = behind or form.pivot
    options = {"name": "Played", "deadline": deadline}
    return saga_definition(types.new_class("Played", (Saga,), options, lambda space: space.update(body)), "shop")


def _step(form: Form, *, behind: bool) -> Step[Any]:
    async def external(_self: Saga) -> str:
        return form.name

    async def transactional(_self: Saga, _boxes: Repository[Box]) -> str:
        return form.name

    async def undo(_self: Saga, _was: Outcome[str]) -> None: ...

    chosen: Callable[..., Any] = transactional if form.transactional else external
    chosen.__name__ = form.name
    retry = None if form.tries is None else Retry(attempts=form.tries)
    undoable = form.undo or form.pivot or behind
    made: Step[Any] = step(retry=retry, pivot=form.pivot, undoable=undoable, refused=(Refused,))(chosen)
    if form.undo and not behind:
        made.undo(retry=Retry(attempts=form.undo_tries))(undo)
    return made


@dataclass
class Play:
    """One instance.

    Args:
        choose: says how a try of a step, or of its undo, ends.
    """

    definition: SagaDefinition
    choose: Callable[[str, bool], End]
    now: datetime = START
    done: dict[str, bool] = field(default_factory=dict[str, bool])
    """Whether each step that was begun may be in effect in the world."""
    begun: list[str] = field(default_factory=list[str])
    undone: list[str] = field(default_factory=list[str])
    """Steps whose undo was begun, in the order of their first try."""
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.journal = Journal(fields=Raw(b"{}"), outline=self.definition.outline)

    @property
    def deadline(self) -> datetime | None:
        limit = self.definition.deadline
        return None if limit is None else START + limit

    @property
    def records(self) -> Mapping[str, StepRecord]:
        return {one.name: one for one in self.journal.steps}

    def run(self) -> str:
        """Play until it has ended; returns how."""
        for _ in range(_MOVES):
            self.journal, move = planned(self.definition, self.journal, self.now, self.deadline)
            match move:
                case Finish(status=status):
                    return status
                case Until(moment=moment):
                    assert moment > self.now, "it waits for what has passed"
                    self.now = moment
                case Do(steps=plans):
                    self.do(plans)
                case Undo(step=plan):
                    self.undo(plan)
        raise AssertionError(f"it has not ended after {_MOVES} moves: {self.journal}")

    def do(self, plans: Sequence[StepPlan]) -> None:
        """Let a try of each end."""
        for plan in plans:
            self.done.setdefault(plan.name, False)
            if plan.name not in self.begun:
                self.begun.append(plan.name)
        for plan in plans:
            end = self.choose(plan.name, False)
            if end == "killed" and plan.transactional:
                return
            self.done[plan.name] |= _may_be(end, plan)
            if end == "killed":
                self.journal = left_behind(self.definition, self.journal)
                return
            journal = self._noted(plan) if plan.transactional else self.journal
            self.journal = heard(journal, plan, _tried(end), self.now)

    def undo(self, plan: StepPlan) -> None:
        """Let a try of its undo end."""
        if plan.name not in self.undone:
            self.undone.append(plan.name)
        end = self.choose(plan.name, True)
        if end == "killed":
            self.journal = left_behind(self.definition, self.journal)
            return
        error = None if end == "done" else ConnectionError(end)
        self.done[plan.name] &= end != "done"
        self.journal = undo_heard(self.journal, plan, error, self.now)

    def _noted(self, plan: StepPlan) -> Journal:
        known = self.journal.record(plan.name) or StepRecord(name=plan.name, status="started", started_at=self.now)
        return self.journal.recorded(replace(known, tries=known.tries + 1, due=None))


def _may_be(end: End, plan: StepPlan) -> bool:
    return end == "done" or (not plan.transactional and end in ("lost", "killed"))


def _tried(end: End) -> Tried:
    match end:
        case "done":
            return Tried(result=Raw(b'"result"'))
        case "refused":
            return Tried(Refused(), refused=True)
        case _:
            return Tried(ConnectionError(end))

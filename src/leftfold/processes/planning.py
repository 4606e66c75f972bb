"""What a saga does next: a pure function of its definition and its journal.

::

    forward: group after group -> completed        a step refused, given up, deadline, abort
                                                     |
    back:    the last begun, then the one before ... -> compensated; or stuck, with an undo that is parked
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.processes.definition import SagaDefinition, StepPlan
from leftfold.processes.journal import Journal, Status, StepRecord, StepStatus

__all__ = [
    "Do",
    "Finish",
    "Move",
    "Undo",
    "Until",
    "begun",
    "doubted",
    "is_under_way",
    "left_behind",
    "planned",
    "status_of",
    "turned_back",
]

_SETTLED = frozenset({"done", "skipped"})
_OPEN = frozenset({"started", "parked"})
_GIVEN_UP = frozenset({"refused", "failed"})
_NOT_UNDONE = frozenset({"undone", "refused", "skipped", "parked"})


class Do(Struct, frozen=True):
    """Do these steps, which are begun at the same moment."""

    steps: tuple[StepPlan, ...]


class Undo(Struct, frozen=True):
    """Undo this step."""

    step: StepPlan


class Until(Struct, frozen=True):
    """Do nothing until then."""

    moment: datetime


class Finish(Struct, frozen=True):
    """It has ended."""

    status: Status


Move: TypeAlias = Do | Undo | Until | Finish


def planned(
    definition: SagaDefinition, journal: Journal, now: datetime, deadline: datetime | None
) -> tuple[Journal, Move]:
    """The next move, and the journal as it has to be stored before it is made.

    Args:
        now: what is due is due by this time.
        deadline: of the instance.
    """
    if not journal.back:
        reason = _no_further(definition, journal, now, deadline)
        if reason is None:
            return _forward(definition, journal, now, deadline)
        journal = turned_back(definition, journal, reason)
    return _back(definition, journal, now)


def turned_back(definition: SagaDefinition, journal: Journal, reason: str) -> Journal:
    """From now on it is undone; an external step that was begun and has not ended is in doubt."""

    def turned(one: StepRecord) -> StepRecord:
        if one.status != "started":
            return one
        if definition.step(one.name).transactional:
            return replace(one, status="refused", due=None)
        return replace(one, due=None, doubt=one.doubt or reason)

    return replace(journal, back=True, reason=reason, steps=tuple(map(turned, journal.steps)))


def status_of(journal: Journal, move: Move) -> Status:
    """How it stands."""
    if isinstance(move, Finish):
        return move.status
    return "compensating" if journal.back else "running"


def is_under_way(journal: Journal) -> bool:
    """Whether a step or an undo has begun, and nobody has heard how it ended; its worker may be gone."""
    return any(one.status in ("started", "undoing") and one.due is None for one in journal.steps)


def left_behind(definition: SagaDefinition, journal: Journal) -> Journal:
    """The journal of an instance whose worker is gone: what was under way then is in doubt."""
    reason = "its worker was gone before it was heard how it ended"
    for one in journal.steps:
        if one.status == "started" and one.due is None and not journal.back:
            journal = journal.recorded(doubted(definition, one, reason))
        elif one.status == "undoing" and one.due is None:
            undo = definition.step(one.name).step.undo_retry
            if definition.step(one.name).undo_transactional:  # it would be done, had it been committed
                journal = journal.recorded(replace(one, undo_tries=one.undo_tries - 1))
                continue
            parked = undo.attempts is not None and one.undo_tries >= undo.attempts
            journal = journal.recorded(replace(one, status="parked" if parked else "undoing", error=reason))
    return journal


def doubted(definition: SagaDefinition, record: StepRecord, reason: str) -> StepRecord:
    """A step that was interrupted: tried again at once, unless that was its last try."""
    plan = definition.step(record.name)
    last = plan.retry.attempts is not None and record.tries >= plan.retry.attempts
    if not last:
        return replace(record, doubt=reason, error=reason)
    status: StepStatus = "parked" if plan.after_pivot or definition.irrevocable(record) else "failed"
    return replace(record, status=status, doubt=reason, error=reason)


def _no_further(definition: SagaDefinition, journal: Journal, now: datetime, deadline: datetime | None) -> str | None:
    """Why it has to be undone; None when it goes on."""
    if definition.no_way_back(journal):
        return None
    failed: StepRecord | None = None
    for one in journal.steps:
        if one.status in _OPEN and definition.irrevocable(one):
            return None  # the pivot may be done: first somebody has to know
        if one.status in _GIVEN_UP:
            failed = failed or one
    if failed is not None:
        return f"step {failed.name!r} {'was refused' if failed.status == 'refused' else 'is in doubt'}: {failed.error}"
    return "its deadline has passed" if deadline is not None and deadline <= now else None


def _forward(
    definition: SagaDefinition, journal: Journal, now: datetime, deadline: datetime | None
) -> tuple[Journal, Move]:
    if deadline is not None and deadline <= now and not journal.overdue:
        journal = replace(journal, overdue=True)
    known = {one.name: one for one in journal.steps}
    for group in definition.groups:
        due, moments, parked = _standing(group, known, now)
        if due:
            return begun(journal, due, now), Do(tuple(due))
        if moments:
            if deadline is not None and not journal.overdue:
                moments.append(deadline)
            return journal, Until(min(moments))
        if parked:
            return journal, Finish("stuck")
    return journal, Finish("completed")


def _standing(
    group: Sequence[StepPlan], known: Mapping[str, StepRecord], now: datetime
) -> tuple[list[StepPlan], list[datetime], bool]:
    """Which steps of a group are to be done now, when others are, and whether one waits for a person."""
    due: list[StepPlan] = []
    moments: list[datetime] = []
    parked = False
    for plan in group:
        one = known.get(plan.name)
        if one is None or (one.status == "started" and (one.due is None or one.due <= now)):
            due.append(plan)
        elif one.status == "started" and one.due is not None:
            moments.append(one.due)
        elif one.status not in _SETTLED:
            parked = True
    return due, moments, parked


def begun(journal: Journal, plans: Sequence[StepPlan], now: datetime) -> Journal:
    """External steps are noted before they are called; a transactional one is in its own commit."""
    for plan in plans:
        if plan.transactional:
            continue
        known = journal.record(plan.name) or StepRecord(name=plan.name, status="started", started_at=now)
        journal = journal.recorded(replace(known, tries=known.tries + 1, due=None))
    return journal


def _back(definition: SagaDefinition, journal: Journal, now: datetime) -> tuple[Journal, Move]:
    for one in reversed(journal.steps):
        plan = definition.step(one.name)
        if one.status in _NOT_UNDONE or not plan.step.undoable:
            continue
        if plan.step.undoing is None:  # a pivot that is not done
            continue
        if one.due is not None and one.due > now:
            return journal, Until(one.due)
        again = replace(one, status="undoing", undo_tries=one.undo_tries + 1, due=None)
        return journal.recorded(again), Undo(plan)
    return journal, Finish("stuck" if any(one.status == "parked" for one in journal.steps) else "compensated")

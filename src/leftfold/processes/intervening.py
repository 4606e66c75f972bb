"""What a person can do with a saga that is stuck, or should not go on: pure functions of its journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from leftfold.errors import NotPossible
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.journal import Intervention, Journal, StepRecord
from leftfold.processes.planning import turned_back
from leftfold.store.work import AT_ONCE, WorkItem

__all__ = ["Verb", "intervened"]

_OVER: Final = ("completed", "compensated")


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants.

    Args:
        name: `retry`, `skip`, `resolve` or `abort`.
        step: a parked one; None for all that are parked.
        result: with `resolve`, what a step that was done by hand returned, as JSON text.
        who: wants it.
        why: in their words.
        completed: with `abort`, as a child is undone with its parent: one that is completed is undone too, and one
            whose pivot is parked is not, since nobody has said that it was not done.
    """

    name: str
    who: str
    why: str
    step: str | None = None
    result: bytes | None = None
    completed: bool = False


def intervened(definition: SagaDefinition, item: WorkItem, journal: Journal, verb: Verb, now: datetime) -> Journal:
    """The journal after somebody has intervened; the same one when there is nothing to do.

    Args:
        item: whose journal it is, as it was read.

    Raises:
        NotPossible: it does not fit how the saga stands.
    """
    changed = _VERBS[verb.name](definition, item, journal, verb, now)
    if changed is journal and not _unread(item, journal, verb):
        return journal
    note = Intervention(verb=verb.name, step=verb.step, who=verb.who, why=verb.why, at=now)
    return replace(changed, interventions=(*changed.interventions, note))


def _retry(_definition: SagaDefinition, item: WorkItem, journal: Journal, verb: Verb, _now: datetime) -> Journal:
    if _unread(item, journal, verb):
        return journal
    for one in _parked(item, journal, verb):
        if journal.back:
            again = replace(one, status="undoing", undo_tries=0, due=AT_ONCE, anew=one.anew + 1)
        else:
            again = replace(one, status="started", tries=0, due=AT_ONCE, anew=one.anew + 1)
        journal = journal.recorded(again)
    return journal


def _unread(item: WorkItem, journal: Journal, verb: Verb) -> bool:
    """Whether it is to be tried again, and stuck only because earlier code could not read it."""
    stuck = item.status == "stuck" and not any(one.status == "parked" for one in journal.steps)
    return stuck and verb.name == "retry" and verb.step is None


def _skip(definition: SagaDefinition, item: WorkItem, journal: Journal, verb: Verb, now: datetime) -> Journal:
    for one in _parked(item, journal, verb):
        if not journal.back and definition.step(one.name).step.pivot:
            raise NotPossible(item.id, verb.name, f"{one.name!r} is the pivot: resolve it if it was done, abort if not")
        journal = journal.recorded(replace(one, status="skipped", due=None, ended_at=now))
    return journal


def _resolve(definition: SagaDefinition, item: WorkItem, journal: Journal, verb: Verb, now: datetime) -> Journal:
    for one in _parked(item, journal, verb):
        if journal.back:
            resolved = replace(one, status="undone", error=one.doubt, due=None, ended_at=now)
        else:
            result = _result(definition, item.id, one, verb)
            resolved = replace(one, status="done", doubt=None, result=result, due=None, ended_at=now)
        journal = journal.recorded(resolved)
    return journal


def _result(definition: SagaDefinition, item: str, one: StepRecord, verb: Verb) -> Raw:
    data = b"null" if verb.result is None else verb.result
    try:
        definition.step(one.name).result.decode(data)
    except Exception as error:
        raise NotPossible(
            item, verb.name, f"step {one.name!r} does not return {data.decode(errors='replace')!r:.80}: {error}"
        ) from error
    return Raw(data)


def _abort(definition: SagaDefinition, item: WorkItem, journal: Journal, verb: Verb, now: datetime) -> Journal:
    if journal.back:
        return journal
    if item.status == "completed" and not verb.completed:
        raise NotPossible(item.id, verb.name, "it is completed; what takes it back is another saga")
    if definition.no_way_back(journal):
        raise NotPossible(
            item.id, verb.name, "its pivot is done, and there is no way back; retry, skip or resolve a step"
        )
    for one in journal.steps:
        if definition.step(one.name).step.pivot and one.status == "parked":
            if verb.completed and definition.irrevocable(one):  # only a person can say that it was not done
                raise NotPossible(
                    item.id, verb.name, f"its pivot {one.name!r} is parked; resolve it if it was done, abort if not"
                )
            journal = journal.recorded(replace(one, status="refused", due=None, ended_at=now))
        elif one.status == "started" and definition.irrevocable(one):
            raise NotPossible(
                item.id, verb.name, f"its pivot {one.name!r} is under way; wait until it is done or parked"
            )
    return turned_back(definition, journal, f"aborted by {verb.who}: {verb.why}")


def _parked(item: WorkItem, journal: Journal, verb: Verb) -> Sequence[StepRecord]:
    found = [one for one in journal.steps if one.status == "parked" and verb.step in (None, one.name)]
    if not found:
        if item.status in _OVER:
            raise NotPossible(item.id, verb.name, f"it has ended, and is {item.status}; nothing of it is parked")
        parked = ", ".join(one.name for one in journal.steps if one.status == "parked") or "none"
        which = "no step" if verb.step is None else f"step {verb.step!r} not"
        raise NotPossible(item.id, verb.name, f"{which} parked; parked: {parked}")
    return found


_VERBS: Final[Mapping[str, Callable[[SagaDefinition, WorkItem, Journal, Verb, datetime], Journal]]] = {
    "retry": _retry,
    "skip": _skip,
    "resolve": _resolve,
    "abort": _abort,
}

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

__all__ = ["Verb", "intervened"]


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants.

    Args:
        name: `retry`, `skip`, `resolve` or `abort`.
        step: a parked one; None for all that are parked.
        result: with `resolve`, what a step that was done by hand returned, as JSON text.
        who: wants it.
        why: in their words.
    """

    name: str
    who: str
    why: str
    step: str | None = None
    result: bytes | None = None


def intervened(definition: SagaDefinition, item: str, journal: Journal, verb: Verb, now: datetime) -> Journal:
    """The journal after somebody has intervened.

    Raises:
        NotPossible: it does not fit how the saga stands.
    """
    changed = _VERBS[verb.name](definition, item, journal, verb, now)
    note = Intervention(verb=verb.name, step=verb.step, who=verb.who, why=verb.why, at=now)
    return replace(changed, interventions=(*changed.interventions, note))


def _retry(_definition: SagaDefinition, item: str, journal: Journal, verb: Verb, now: datetime) -> Journal:
    for one in _parked(item, journal, verb):
        if journal.back:
            again = replace(one, status="undoing", undo_tries=0, due=now)
        else:
            again = replace(one, status="started", tries=0, due=now)
        journal = journal.recorded(again)
    return journal


def _skip(definition: SagaDefinition, item: str, journal: Journal, verb: Verb, now: datetime) -> Journal:
    for one in _parked(item, journal, verb):
        if not journal.back and definition.step(one.name).step.pivot:
            raise NotPossible(item, verb.name, f"{one.name!r} is the pivot: resolve it if it was done, abort if not")
        journal = journal.recorded(replace(one, status="skipped", due=None, ended_at=now))
    return journal


def _resolve(definition: SagaDefinition, item: str, journal: Journal, verb: Verb, now: datetime) -> Journal:
    for one in _parked(item, journal, verb):
        if journal.back:
            resolved = replace(one, status="undone", due=None, ended_at=now)
        else:
            result = _result(definition, item, one, verb)
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


def _abort(definition: SagaDefinition, item: str, journal: Journal, verb: Verb, now: datetime) -> Journal:
    if journal.back:
        return journal
    if definition.no_way_back(journal):
        raise NotPossible(item, verb.name, "its pivot is done, and there is no way back; retry, skip or resolve a step")
    for one in journal.steps:
        if definition.step(one.name).step.pivot and one.status == "parked":
            journal = journal.recorded(replace(one, status="refused", due=None, ended_at=now))
        elif one.status == "started" and definition.irrevocable(one):
            raise NotPossible(item, verb.name, f"its pivot {one.name!r} is under way; wait until it is done or parked")
    return turned_back(definition, journal, f"aborted by {verb.who}: {verb.why}")


def _parked(item: str, journal: Journal, verb: Verb) -> Sequence[StepRecord]:
    found = [one for one in journal.steps if one.status == "parked" and verb.step in (None, one.name)]
    if not found:
        parked = ", ".join(one.name for one in journal.steps if one.status == "parked") or "none"
        which = "no step" if verb.step is None else f"step {verb.step!r} not"
        raise NotPossible(item, verb.name, f"{which} parked; parked: {parked}")
    return found


_VERBS: Final[Mapping[str, Callable[[SagaDefinition, str, Journal, Verb, datetime], Journal]]] = {
    "retry": _retry,
    "skip": _skip,
    "resolve": _resolve,
    "abort": _abort,
}

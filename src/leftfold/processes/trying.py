"""One try of a step or of its undo, and what is known afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.errors import TooLarge
from leftfold.handling.correlation import handling as belonging
from leftfold.handling.within import NoAnswer, within
from leftfold.messages.metadata import Metadata
from leftfold.processes.definition import StepPlan, check_kept
from leftfold.processes.deploying import left_to_newer_code
from leftfold.processes.journal import Journal, StepRecord, StepStatus
from leftfold.processes.saga import Saga
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.parking import error_text
from leftfold.subscriptions.reaction import Attempt

__all__ = [
    "Calling",
    "Tried",
    "attempt_of",
    "called",
    "changed_fields",
    "check_room",
    "do_externally",
    "heard",
    "undo_heard",
    "undo_once",
    "with_changed",
]

R = TypeVar("R")

_Fields: TypeAlias = dict[str, Raw]

_ROOM_BYTES: Final = 256 * 1024
"""For all that a journal notes beside what steps give."""


class Calling(Struct, frozen=True):
    """How a step, or its undo, is called.

    Args:
        metadata: of what it records and sends.
        limit_s: the seconds that it has.
        around: measures it.
    """

    metadata: Metadata
    limit_s: float
    around: AbstractContextManager[object]


class Tried(Struct, frozen=True):
    """How a try ended.

    Args:
        error: what it raised; None when it is done.
        refused: whether that says for certain that nothing was done.
        final: whether no further try could end otherwise.
        result: what it returned.
        changed: the fields that it changed.
    """

    error: Exception | None = None
    refused: bool = False
    final: bool = False
    result: Raw = Raw(b"null")
    changed: _Fields = {}


def attempt_of(item_id: str, record: StepRecord, *, undo: bool) -> Attempt:
    """One try, with its key: the same at every try of the same step, and of no other, whatever ids and names hold."""
    step = (record.began_as or record.name).replace("%", "%25").replace("/", "%2F")
    do = f"{item_id}/{step}/do"
    if undo:
        return Attempt(f"{item_id}/{step}/undo", record.undo_tries, do)
    return Attempt(do, record.tries)


def changed_fields(before: Raw, saga: Saga) -> _Fields:
    """The fields of *saga* that differ from those in *before*, each as JSON text."""
    after = msgspec.json.encode(saga)
    if after == bytes(before):
        return {}
    msgspec.json.decode(after, type=type(saga))  # what cannot be read again is not written
    check_kept(f"what a step keeps in the fields of {type(saga).__qualname__}", after)
    known, fields = (msgspec.json.decode(data, type=_Fields) for data in (before, after))
    return {name: value for name, value in fields.items() if name not in known or bytes(known[name]) != bytes(value)}


async def called(work: Awaitable[R], calling: Calling) -> R:
    """What *work* returns, within the time that it has.

    Raises:
        NoAnswer: the time is over.
        Exception: whatever it raises.
    """
    with belonging(calling.metadata), calling.around, blamed():
        return await within(calling.limit_s, work)


async def do_externally(plan: StepPlan, saga: Saga, given: Mapping[str, object], calling: Calling) -> Tried:
    """Call a step; whatever it raises is an answer. Only being cancelled is not."""
    before = Raw(msgspec.json.encode(saga))
    try:
        value = await called(plan.step.do(saga, **given), calling)
    except NoAnswer as error:
        return Tried(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the step's declaration says what it means
        return Tried(error, refused=isinstance(error, plan.step.refused))
    try:
        return Tried(result=plan.dump(value), changed=changed_fields(before, saga))
    except Exception as error:  # noqa: BLE001 - it was done, and returns what cannot be kept
        return Tried(error)


async def undo_once(
    plan: StepPlan, saga: Saga, record: StepRecord, given: Mapping[str, object], calling: Calling
) -> Exception | None:
    """Call the undo of a step; returns what it raised."""
    assert plan.step.undoing is not None  # noqa: S101 - planned so
    try:
        undoing = plan.step.undoing(saga, plan.outcome(record), **given)
        await called(undoing, calling)
    except Exception as error:  # noqa: BLE001 - it is tried again, then parked
        return error
    return None


def with_changed(journal: Journal, changed: _Fields) -> Raw:
    """The fields of a journal, some of them changed."""
    return Raw(msgspec.json.encode(msgspec.json.decode(journal.fields, type=_Fields) | changed))


def check_room(journal: Journal, who: str, tried: Tried) -> None:
    """Raise `TooLarge` when the journal would outgrow, with what a step or the function gave, what a store keeps."""
    size = _ROOM_BYTES + len(journal.fields) + len(tried.result) + sum(map(len, tried.changed.values()))
    for one in journal.steps:
        size += len(one.result)
    if size > MAX_EVENT_BYTES:
        what = f"journal with what {who} gave, in bytes"
        raise TooLarge(what, size, MAX_EVENT_BYTES, "MAX_EVENT_BYTES")


def heard(journal: Journal, plan: StepPlan, tried: Tried, now: datetime) -> Journal:
    """The journal after a try of a step; one that gave more than there is room for has failed."""
    try:
        check_room(journal, f"step {plan.name!r}", tried)
    except TooLarge as error:
        tried = Tried(error)
    known = journal.record(plan.name) or StepRecord(name=plan.name, status="started", tries=1, started_at=now)
    if tried.error is None:
        done = replace(known, status="done", result=tried.result, doubt=None, due=None, ended_at=now)
        if not tried.changed:
            return journal.recorded(done)
        return replace(journal.recorded(done), fields=with_changed(journal, tried.changed))
    text = error_text(tried.error)
    irrevocable = plan.step.pivot and plan.step.undoing is None
    doubt = text if not tried.refused and not plan.transactional else None if irrevocable else known.doubt
    if not tried.refused and (due := left_to_newer_code(tried.error, known.started_at, now)) is not None:
        return journal.recorded(replace(known, tries=known.tries - 1, error=text, doubt=doubt, due=due))
    pause_s = None if tried.refused or tried.final else plan.retry.pause_s(known.tries, tried.error)
    if pause_s is not None:
        return journal.recorded(replace(known, error=text, doubt=doubt, due=now + timedelta(seconds=pause_s)))
    status: StepStatus = "refused" if doubt is None else "failed"
    if plan.after_pivot or (irrevocable and doubt is not None):
        status = "parked"  # there is no way back, or nobody knows
    return journal.recorded(replace(known, status=status, error=text, doubt=doubt, due=None, ended_at=now))


def undo_heard(journal: Journal, plan: StepPlan, error: Exception | None, now: datetime) -> Journal:
    """The journal after a try of an undo."""
    known = journal.record(plan.name)
    assert known is not None  # noqa: S101 - it was begun
    if error is None:
        return journal.recorded(replace(known, status="undone", error=known.doubt, due=None, ended_at=now))
    text = error_text(error)
    if (due := left_to_newer_code(error, known.ended_at or known.started_at, now)) is not None:
        return journal.recorded(replace(known, undo_tries=known.undo_tries - 1, error=text, due=due))
    pause_s = plan.step.undo_retry.pause_s(known.undo_tries, error)
    if pause_s is None:
        return journal.recorded(replace(known, status="parked", error=text, due=None, ended_at=now))
    return journal.recorded(replace(known, error=text, due=now + timedelta(seconds=pause_s)))

"""Runs the instances of sagas: plan, store what is about to happen, do it, store what came of it with the next plan."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.errors import DefinitionError
from leftfold.handling.correlation import handling
from leftfold.handling.tracking import Tracking
from leftfold.messages.metadata import Metadata
from leftfold.processes.committing import Busy, decided_with, is_kept_from_it
from leftfold.processes.definition import SagaDefinition, StepPlan
from leftfold.processes.engine import Moment
from leftfold.processes.journal import Journal, StepRecord, dump_journal
from leftfold.processes.means import Means
from leftfold.processes.planning import Do, Finish, Move, Undo, Until, left_behind, planned, status_of
from leftfold.processes.trying import (
    Tried,
    attempt_of,
    called,
    changed_fields,
    check_room,
    do_externally,
    heard,
    undo_heard,
    undo_once,
)
from leftfold.store.transaction import Transaction
from leftfold.store.work import KEEP, Keep, Revise, Wake, WorkItem
from leftfold.subscriptions.parking import error_text

__all__ = ["Run"]

_log: Final = logging.getLogger("leftfold")
_AFTER_CONFLICTS: Final = timedelta(milliseconds=200)


class Run:
    """One claim of one instance."""

    def __init__(self, means: Means, definition: SagaDefinition, item: WorkItem, moment: Moment) -> None:
        self._means = means
        self._loader = means.loader
        self._definition = definition
        self._item = item
        self._moment = moment
        self._token = item.token
        self._written: Revise | None = None
        deadline = definition.deadline
        self._deadline: datetime | None = None if deadline is None else item.created_at + deadline

    async def run(self, journal: Journal) -> None:
        """Carry the instance on until it waits or ends."""
        step: _Next
        if self._item.token == 1 and journal.steps:  # begun here and now, together with its first steps
            begun = tuple(self._definition.step(one.name) for one in journal.steps)
            step = _Next(journal, Do(begun), stored=True)
        else:
            step = self._planned(left_behind(self._definition, journal))
        while (after := await self._made(step)) is not None:
            step = after

    async def give_up(self) -> None:
        """Leave the instance stuck as it is, for its journal cannot be read."""
        await self._write(
            Revise(id=self._item.id, token=self._token, status="stuck", state=self._item.state, wake=None)
        )

    @property
    def left(self) -> WorkItem | None:
        """The instance as this claim has left it; None when it was not let go of."""
        written = self._written
        if written is None or isinstance(written.wake, Keep):
            return None
        return replace(
            self._item,
            token=self._token,
            status=written.status,
            state=written.state,
            owner=None,
            wake_at=written.wake,
            changed_at=self._moment(),
        )

    async def _made(self, step: _Next) -> _Next | None:
        """Make a move; None when there is none to be made now."""
        journal, move = step.journal, step.move
        if isinstance(move, Do) and move.steps[0].transactional:
            return await self._transact(move.steps[0], journal)
        if isinstance(move, Undo) and move.step.undo_transactional:
            return await self._transact_undo(move.step, journal)
        if not step.stored:
            await self._write(self._revise(journal, move))
        if isinstance(move, Do):
            return await self._do(move.steps, journal)
        if isinstance(move, Undo):
            return await self._undo(move.step, journal)
        if isinstance(move, Finish) and journal.parent is not None:
            await self._means.instances.nudge(journal.parent)
        return None

    def _planned(self, journal: Journal, now: datetime | None = None) -> _Next:
        return _Next(*planned(self._definition, journal, now or self._moment(), self._deadline), stored=False)

    async def _do(self, plans: tuple[StepPlan, ...], journal: Journal) -> _Next:
        """Call external steps at the same moment; what one has answered is stored while others are under way."""
        if len(plans) == 1:
            tried, now = await self._try(plans[0], journal), self._moment()
            return self._planned(self._heard(plans[0], journal, tried, now), now)
        tasks = {asyncio.create_task(self._try(plan, journal)): plan for plan in plans}
        changed: dict[str, str] = {}
        pending = set(tasks)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    plan = tasks[task]
                    tried = _apart(task.result(), plan.name, changed)
                    journal = self._heard(plan, journal, tried, self._moment())
                if pending:
                    await self._write(self._revise(journal, Do(plans)))
        finally:
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.gather(*pending, return_exceptions=True)
        return self._planned(journal)

    async def _try(self, plan: StepPlan, journal: Journal) -> Tried:
        record = journal.record(plan.name)
        assert record is not None  # noqa: S101 - it was noted that it has begun
        limit_s = plan.step.timeout.total_seconds()
        if self._deadline is not None and not (
            self._definition.no_way_back(journal) or self._definition.irrevocable(record)
        ):
            limit_s = min(limit_s, max((self._deadline - self._moment()).total_seconds(), 0.0))
        attempt = attempt_of(self._item.id, record, undo=False)
        metadata = self._metadata(journal, self._definition.via(plan.name))
        given = self._means.given(plan.needs, metadata, attempt, anew=record.anew)
        calling = self._means.calling(self._definition, plan, record.tries, metadata, limit_s)
        return await do_externally(plan, self._definition.load(journal.fields), given, calling)

    async def _undo(self, plan: StepPlan, journal: Journal) -> _Next:
        record = journal.record(plan.name)
        assert record is not None  # noqa: S101 - it was begun
        saga, attempt = self._definition.load(journal.fields), attempt_of(self._item.id, record, undo=True)
        metadata = self._metadata(journal, self._definition.via(plan.name, undo=True))
        given = self._means.given(plan.undo_needs, metadata, attempt, anew=record.anew)
        calling = self._means.undoing(self._definition, plan, record.undo_tries, metadata)
        error, now = await undo_once(plan, saga, record, given, calling), self._moment()
        return self._planned(self._undo_heard(plan, journal, error, now), now)

    async def _transact(self, plan: StepPlan, journal: Journal) -> _Next:
        """Do a transactional step: its events, the fact that it is done and the next plan in one commit."""
        known = journal.record(plan.name) or StepRecord(name=plan.name, status="started", started_at=self._moment())
        journal = journal.recorded(replace(known, tries=known.tries + 1, due=None))
        metadata = self._metadata(journal, self._definition.via(plan.name))

        async def decide(tracking: Tracking) -> Journal:
            tried = await self._recorded(plan, journal, tracking, metadata)
            check_room(journal, f"step {plan.name!r}", tried)
            return heard(journal, plan, tried, self._moment())

        try:
            return await self._committed(metadata, decide)
        except Busy as busy:
            return self._planned(journal.recorded(self._postponed(known, busy)))
        except Exception as error:
            if is_kept_from_it(error):
                raise
            refused = isinstance(error, plan.step.refused)
            return self._planned(self._heard(plan, journal, Tried(error, refused=refused), self._moment()))

    async def _transact_undo(self, plan: StepPlan, journal: Journal) -> _Next:
        """Undo a step by a transactional undo, which was not noted before."""
        known = journal.record(plan.name)
        assert known is not None  # noqa: S101 - it was begun
        metadata = self._metadata(journal, self._definition.via(plan.name, undo=True))

        async def decide(tracking: Tracking) -> Journal:
            saga = self._definition.load(journal.fields)
            given = self._means.given(plan.undo_needs, metadata, None, tracking)
            calling = self._means.undoing(self._definition, plan, known.undo_tries, metadata)
            error = await undo_once(plan, saga, known, given, calling)
            if error is not None:
                raise error
            return undo_heard(journal, plan, None, self._moment())

        try:
            return await self._committed(metadata, decide)
        except Busy as busy:
            postponed = replace(self._postponed(known, busy), undo_tries=known.undo_tries - 1)
            return self._planned(journal.recorded(postponed))
        except Exception as error:
            if is_kept_from_it(error):
                raise
            return self._planned(self._undo_heard(plan, journal, error, self._moment()))

    def _heard(self, plan: StepPlan, journal: Journal, tried: Tried, now: datetime) -> Journal:
        """The journal after a try of a step; one that failed is told in the log."""
        after = heard(journal, plan, tried, now)
        before, record = journal.record(plan.name), after.record(plan.name)
        if before is not None and record is not None and record.status != "done":
            self._tell_failed(journal, record, before.tries, undo=False, refused=tried.refused)
        return after

    def _undo_heard(self, plan: StepPlan, journal: Journal, error: Exception | None, now: datetime) -> Journal:
        """The journal after a try of an undo; one that failed is told in the log."""
        after = undo_heard(journal, plan, error, now)
        before, record = journal.record(plan.name), after.record(plan.name)
        if before is not None and record is not None and error is not None:
            self._tell_failed(journal, record, before.undo_tries, undo=True)
        return after

    def _tell_failed(
        self, journal: Journal, record: StepRecord, number: int, *, undo: bool, refused: bool = False
    ) -> None:
        """A refusal is information, for it is an answer, and anything else a warning."""
        what = "the undo of step" if undo else "step"
        when = f"tried again at {record.due.isoformat(' ', 'milliseconds')}" if record.due else "not tried again"
        with handling(self._metadata(journal, self._definition.via(record.name, undo=undo))):
            _log.log(
                logging.INFO if refused else logging.WARNING,
                "%s %r of %.200s %s, try %d, %s: %s",
                what,
                record.name,
                self._item.id,
                "was refused" if refused else "failed",
                number,
                when,
                record.error,
            )

    async def _committed(self, metadata: Metadata, decide: Callable[[Tracking], Awaitable[Journal]]) -> _Next:
        """What is recorded, the journal that *decide* makes of it and the next plan, in one commit."""

        async def decided(tracking: Tracking) -> tuple[tuple[_Next, Revise], Revise]:
            after = self._planned(await decide(tracking))
            revise = self._revise(after.journal, after.move)
            return (replace(after, stored=True), revise), revise

        after, revise = await decided_with(self._loader, metadata, decided)
        self._wrote(revise)
        return after

    def _postponed(self, known: StepRecord, busy: Busy) -> StepRecord:
        """Tried again soon, and this try does not count."""
        return replace(known, error=error_text(busy.conflict), due=self._moment() + _AFTER_CONFLICTS)

    async def _recorded(self, plan: StepPlan, journal: Journal, tracking: Tracking, metadata: Metadata) -> Tried:
        saga = self._definition.load(journal.fields)
        before = Raw(msgspec.json.encode(saga))
        given = self._means.given(plan.needs, metadata, None, tracking)
        record = journal.record(plan.name)
        assert record is not None  # noqa: S101 - it was noted that it is tried
        calling = self._means.calling(self._definition, plan, record.tries, metadata, plan.step.timeout.total_seconds())
        value = await called(plan.step.do(saga, **given), calling)
        return Tried(result=plan.dump(value), changed=changed_fields(before, saga))

    def _metadata(self, journal: Journal, via: str) -> Metadata:
        """Of what is recorded and sent by a step: it belongs to whatever began the saga."""
        return journal.metadata.caused_by(self._item.id, via=via)

    def _revise(self, journal: Journal, move: Move) -> Revise:
        wake: Wake | Keep = KEEP
        if isinstance(move, Until):
            wake = move.moment
        elif isinstance(move, Finish):
            wake = None
        state, status = dump_journal(journal), status_of(journal, move)
        was = self._item.status if self._written is None else self._written.status
        owner = self._item.owner
        return Revise(id=self._item.id, token=self._token, status=status, state=state, wake=wake, was=was, owner=owner)

    async def _write(self, revise: Revise) -> None:
        await self._loader.store.transact(Transaction(writes=[revise]))
        self._wrote(revise)

    def _wrote(self, revise: Revise) -> None:
        self._token += 1
        self._written = revise


class _Next(Struct, frozen=True):
    """The next move, with the journal as it is before it; *stored* when the store has it so."""

    journal: Journal
    move: Move
    stored: bool


def _apart(tried: Tried, step: str, changed: dict[str, str]) -> Tried:
    """A try of one of several steps; a field that another one has changed at the same time fails it."""
    for name in tried.changed:
        other = changed.setdefault(name, step)
        if other != step:
            error = DefinitionError(f"steps {other!r} and {step!r} are begun together and both change {name!r}")
            return Tried(error, final=True)
    return tried

"""Runs sagas that are written as a function: called again from the start, with what is done answered at once."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Never, TypeVar, cast

from msgspec import Raw
from msgspec.structs import replace

from leftfold.errors import (
    DefinitionError,
    Fenced,
    NotPossible,
    StepRefused,
    StoreError,
    UnknownInstance,
    UnreadableState,
)
from leftfold.messages.message import name_flaw
from leftfold.processes.declaring import Step
from leftfold.processes.definition import GuidedDefinition, StepPlan
from leftfold.processes.intervening import Verb
from leftfold.processes.journal import Journal, Parent, StepRecord
from leftfold.processes.outcome import Outcome
from leftfold.processes.planning import Do, Finish, Move, Until, begun, doubted, left_behind, turned_back
from leftfold.processes.saga import Saga, check_saga
from leftfold.processes.sagas import Run
from leftfold.processes.steps import Steps
from leftfold.processes.trying import Tried, changed_fields, check_room, undo_heard, with_changed
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.parking import error_text
from leftfold.subscriptions.policy import Retry
from leftfold.subscriptions.reaction import Attempt

__all__ = ["GuidedRun"]

R = TypeVar("R")
S = TypeVar("S", bound=Saga)

_GONE: Final = "its worker was gone before it was heard how it ended"
_CUT_SHORT: Final = "the function went on before it was heard how it ended"
_SOON: Final = timedelta(seconds=1)
_LOOK: Final = timedelta(seconds=30)


async def _begun_elsewhere() -> None:
    """A child is begun and looked at, not called."""


def _pause(waited: timedelta) -> timedelta:
    """As long again as so far, within bounds, until it looks at a child unasked: who was to wake it may be gone."""
    return min(max(waited, _SOON), _LOOK)


def _left(journal: Journal, saga: Saga) -> Journal:
    """With what the function changed in the fields beside those that it is called with when it is to be undone."""
    if not (changed := changed_fields(journal.fields, saga)):
        return journal
    left = with_changed(journal, changed)
    check_room(journal, "the function", Tried(result=left))
    return replace(journal, left=left)


class _Leave(BaseException):
    """Leaves the function; whatever code of a user makes of it, it is left.

    Args:
        move: what comes next; None when the function was only asked for its steps.
    """

    def __init__(self, move: Move | None) -> None:
        self.move = move
        super().__init__()


class _StillUndoing(Exception):
    """A child has not been undone yet."""


_UNDO_CHILD: Final = Retry(
    attempts=None,
    first=timedelta(milliseconds=200),
    most=timedelta(seconds=30),
    unless=(NotPossible, UnreadableState),
)
"""How long it takes is up to the child, unless somebody has to put that right first."""


class GuidedRun(Run):
    """One claim of one instance of a saga that is written as a function."""

    _definition: GuidedDefinition
    _journal: Journal
    _under_way: str | None = None
    _awaited: tuple[str, str] | None = None
    _leaving: _Leave | None = None
    _lost: BaseException | None = None
    _unread: UnreadableState | None = None

    async def run(self, journal: Journal) -> None:
        """See `Run.run`."""
        self._definition = self._definition.asked_anew()
        self._journal = journal
        move = await self._called()
        journal = self._journal
        if (error := self._misread()) is not None:
            await self._write(self._revise(journal, Finish("stuck")))
            raise error
        if not journal.back and move is not None:
            await self._write(self._revise(journal, move))
            await self._woken(journal, move)
            return
        step = self._planned(left_behind(self._definition, journal))
        while (after := await self._made(step)) is not None:
            step = after

    async def _woken(self, journal: Journal, move: Move) -> None:
        """Wake the parent at the end; look again when a child has ended before it was noted that it is waited for."""
        instances = self._means.instances
        if isinstance(move, Finish) and journal.parent is not None:
            await instances.nudge(journal.parent)
        if self._awaited is not None and (await instances.show(*self._awaited)).status in ("completed", "compensated"):
            await instances.nudge(self._item.id)

    async def _called(self) -> Move | None:
        """Call the function; its end, or where it waits; None when it is to be undone."""
        saga = self._definition.load(self._journal.fields)
        metadata = self._metadata(self._journal, self._definition.via("run"))
        function = self._definition.function
        anew = max((one.anew for one in self._journal.steps), default=0)
        given = self._means.given(function.needs, metadata, None, anew=anew)
        given[function.steps] = steps = Steps(self)
        try:
            with blamed():
                await function.call(saga, **given)
                steps.check_awaited()
            self._check_heard()
            if not self._journal.back:
                self._journal = _left(self._journal, saga)
        except (_Leave, Exception) as error:  # noqa: BLE001 - whatever it is, the saga does not go on
            if self._lost is not None:
                raise self._lost from None
            if self._leaving is not None:  # whatever came on the way out
                return self._leaving.move
            if not self._journal.back:
                self._journal = turned_back(self._definition, self._journal, error_text(error))
            return None
        return None if self._journal.back else Finish("completed")

    async def answered(self, name: str, step: Step[R], returns: type[R]) -> R:
        """See `Guiding.answered`."""
        plan = self._definition.ask(name, step, returns)
        self._check_leaving()
        if self._under_way is not None:
            raise DefinitionError(
                f"saga {self._definition.name}: step {name!r} is asked for while {self._under_way!r} is under way; "
                "await one before the next"
            )
        self._under_way = name
        try:
            with self._keeping():
                record = await self._done(plan)
        finally:
            self._under_way = None
        return cast("R", self._result(plan, record))

    def _result(self, plan: StepPlan, record: StepRecord) -> object:
        """What the step returned; leaves when it is not what the function of this version reads."""
        try:
            return plan.result.decode(record.result)
        except Exception as error:  # noqa: BLE001 - a `__post_init__` may raise anything
            reason = f"step {plan.name!r} returned what this code does not read: {error}"
            self._unread = UnreadableState(self._item.id, self._item.queue, reason)
            self._leave(None)

    async def _done(self, plan: StepPlan) -> StepRecord:
        while (record := self._answer(plan.name)) is None:
            self._check_deadline()
            self._journal = begun(self._journal, [plan], self._moment())
            await self._write(self._revise(self._journal, Do((plan,))))
            tried = await self._try(plan, self._journal)
            self._journal = self._heard(plan, self._journal, tried, self._moment())
        return record

    def _answer(self, name: str) -> StepRecord | None:
        """The step if it is done; None when it is to be tried now."""
        record = self._journal.record(name)
        if self._journal.back:
            return self._told(record)
        if record is None:
            self._check_asked()
            return None
        if record.status == "started" and record.due is None:
            record = doubted(self._definition, record, _GONE)
            self._journal = self._journal.recorded(replace(record, due=self._moment()))
        if record.status == "refused":
            raise StepRefused(self._item.id, name, record.error or "")
        if record.status == "failed":  # no other way makes up for what may have been done
            self._turn_back(f"step {name!r} is in doubt: {record.error}")
        if record.status == "started":
            if record.due is not None and record.due > self._moment():
                self._check_deadline()
                due = record.due if self._deadline is None else min(record.due, self._deadline)
                self._leave(Until(due))
            return None
        return record

    def _told(self, record: StepRecord | None) -> StepRecord:
        """While it is undone, the function is called only to learn what its steps are."""
        if record is None:
            self._leave(None)
        if record.status == "refused":
            raise StepRefused(self._item.id, record.name, record.error or "")
        if record.doubt is not None:
            self._leave(None)
        return record

    def _misread(self) -> UnreadableState | None:
        """Why what was done, or a child, cannot be read by the function of this version; None when it can."""
        if self._unread is None and (missing := self._unasked()):
            reason = f"the function of this version does not ask again for what was begun: {', '.join(missing)}"
            return UnreadableState(self._item.id, self._item.queue, reason)
        return self._unread

    def _unasked(self) -> list[str]:
        """Steps that were begun, and that the function has not asked for in this call."""
        return [one.name for one in self._journal.steps if not self._definition.knows(one.name)]

    def _check_asked(self) -> None:
        """A new step is begun only after all that were begun before: another function than then is not followed."""
        if self._unasked():
            self._leave(None)
        self._check_heard()

    def _check_heard(self) -> None:
        """Nothing follows a step that may yet be done: the function caught what cut it short."""
        self._check_leaving()
        for one in self._journal.steps:
            if one.status == "started" and not self._journal.back:
                self._turn_back(f"step {one.name!r} is in doubt: {_CUT_SHORT}")

    def _check_deadline(self) -> None:
        if self._deadline is not None and self._deadline <= self._moment():
            self._turn_back("its deadline has passed")

    @contextmanager
    def _keeping(self) -> Generator[None]:
        """Around what the store is asked and told: when that fails, the function has no say in it, and is left."""
        try:
            yield
        except (_Leave, CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, Fenced | StoreError):
                raise
            self._lost, self._leaving = error, _Leave(None)
            raise self._leaving from error

    def _check_leaving(self) -> None:
        """Nothing is done on the way out, as by a `finally`: the function is called again, and comes to it then."""
        if self._leaving is not None:
            raise self._leaving

    def _leave(self, move: Move | None) -> Never:
        self._leaving = _Leave(move)
        raise self._leaving

    def _turn_back(self, reason: str) -> Never:
        self._journal = turned_back(self._definition, self._journal, reason)
        self._leave(None)

    async def child(self, name: str, saga: S) -> S:
        """See `Guiding.child`."""
        check_saga(saga)
        definition, id = self._means.instances.definition_of(type(saga)), f"{self._own_id}/{name}"
        child = definition.name
        if flaw := name_flaw(definition.item_id(id)):
            raise DefinitionError(f"saga {self._definition.name}, step {name!r:.80}: the id of its child {flaw}")

        async def undone(_saga: Saga, _was: Outcome[Any], attempt: Attempt) -> None:  # noqa: ARG001 - the id is its key
            await self._undo_child(saga, child, id, name)

        step: Step[Any] = Step(_begun_elsewhere, retry=None, timeout=_LOOK, refused=(), pivot=False, undoable=True)
        step.name = name
        step.undo(retry=_UNDO_CHILD)(undone)
        plan = self._definition.ask(name, step, type(saga))
        self._check_leaving()
        with self._keeping():
            record = self._answer_of_child(name)
            if record is None:
                self._check_deadline()
                if self._journal.record(name) is None:
                    self._journal = begun(self._journal, [plan], self._moment())
                    await self._write(self._revise(self._journal, Do((plan,))))
                record = await self._looked(name, saga, child, id)
        return cast("S", self._result(plan, record))

    def _answer_of_child(self, name: str) -> StepRecord | None:
        record = self._journal.record(name)
        if self._journal.back:
            return self._told(record)
        if record is None:
            self._check_asked()
        if record is None or record.status == "started":
            return None
        if record.status == "refused":
            raise StepRefused(self._item.id, name, record.error or "")
        return record

    async def _looked(self, name: str, saga: Saga, child: str, id: str) -> StepRecord:
        """Begin the child unless it has begun, and look at it; leaves when it has not ended."""
        metadata = self._metadata(self._journal, self._definition.via(name))
        instances, parent = self._means.instances, self._as_parent(name)
        began = await instances.begin(saga, id, metadata, parent=parent)
        ours = began or await instances.is_child(child, id, parent)
        view = await instances.show(child, id)
        record = self._journal.record(name)
        assert record is not None  # noqa: S101 - it was noted before
        now = self._moment()
        if not ours:
            why = "for others began it, or a saga of this id that was forgotten"
            advice = "give it another id, or forget the child of that one, too"
            self._refuse(record, now, f"{child} {id!r} is no child of this saga, {why}; {advice}")
        if view.status == "completed" and view.unreadable is not None:
            self._unread = UnreadableState(f"saga/{child}/{id}", f"saga/{child}/{view.version}", view.unreadable)
            self._leave(None)
        if view.status == "completed":
            record = replace(record, status="done", result=Raw(view.fields.encode()), due=None, ended_at=now)
            self._journal = self._journal.recorded(record)
            return record
        if view.status == "compensated":
            self._refuse(record, now, f"{id} was undone: {view.reason}")
        look, self._awaited = now + _pause(now - (record.started_at or now)), (child, id)
        self._journal = self._journal.recorded(replace(record, due=look))
        return self._leave(Until(look if self._deadline is None else min(look, self._deadline)))

    def _refuse(self, record: StepRecord, now: datetime, error: str) -> Never:
        self._journal = self._journal.recorded(replace(record, status="refused", error=error, due=None, ended_at=now))
        raise StepRefused(self._item.id, record.name, error)

    def _as_parent(self, name: str) -> Parent:
        """This saga, as its child of step *name* knows it."""
        record = self._journal.record(name)
        return Parent(self._item.id, None if record is None else record.started_at)

    async def _undo_child(self, saga: Saga, child: str, id: str, name: str) -> None:
        instances, parent = self._means.instances, self._as_parent(name)
        try:
            view = await instances.show(child, id)
        except UnknownInstance:
            metadata = self._metadata(self._journal, self._definition.via(name, undo=True))
            if await instances.forestall(saga, id, metadata, "its parent was undone before it began", parent):
                return
            view = await instances.show(child, id)
        if not await instances.is_child(child, id, parent):
            return  # others began it, before this saga could
        if view.status == "compensated":
            return
        if not view.back:
            verb = Verb(name="abort", who=self._item.id, why="its parent is undone", completed=True)
            try:
                await instances.intervene(child, id, verb)
            except (NotPossible, UnreadableState) as error:
                if view.status in ("running", "compensating"):
                    raise _StillUndoing(str(error)) from error
                raise
        elif view.status == "stuck":
            raise NotPossible(id, "undo", "it is stuck: put it right, then retry this step")
        raise _StillUndoing(f"{id} is {view.status}")

    def _undo_heard(self, plan: StepPlan, journal: Journal, error: Exception | None, now: datetime) -> Journal:
        """See `Run._undo_heard`; to wait for a child is no failure."""
        if isinstance(error, _StillUndoing):
            return undo_heard(journal, plan, error, now)
        return super()._undo_heard(plan, journal, error, now)

    @property
    def _own_id(self) -> str:
        return self._item.id.removeprefix(self._definition.item_id(""))

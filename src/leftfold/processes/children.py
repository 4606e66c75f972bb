"""Sagas that a saga's function begins and waits for: each is a step of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Never, TypeVar, cast

from msgspec import Raw
from msgspec.structs import replace

from leftfold.errors import DefinitionError, NotPossible, StepRefused, UnknownInstance, UnreadableState
from leftfold.messages.message import name_flaw
from leftfold.processes.calling import Calling
from leftfold.processes.declaring import Step
from leftfold.processes.definition import StepPlan
from leftfold.processes.intervening import Verb
from leftfold.processes.journal import Journal, Parent, StepRecord
from leftfold.processes.outcome import Outcome
from leftfold.processes.planning import Do, Until, begun
from leftfold.processes.saga import Saga, check_saga
from leftfold.processes.trying import undo_heard
from leftfold.subscriptions.policy import Retry
from leftfold.subscriptions.reaction import Attempt

__all__ = ["Parenting"]

S = TypeVar("S", bound=Saga)

_SOON: Final = timedelta(seconds=1)
_LOOK: Final = timedelta(seconds=30)


class _StillUndoing(Exception):
    """A child has not been undone yet."""


_UNDO_CHILD: Final = Retry(
    attempts=None,
    first=timedelta(milliseconds=200),
    most=timedelta(seconds=30),
    unless=(NotPossible, UnreadableState),
)
"""How long it takes is up to the child, unless somebody has to put that right first."""


class Parenting(Calling):
    """One claim of an instance whose function may begin others."""

    _awaited: tuple[str, str] | None = None

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
            if await instances.forestall(saga, id, metadata, parent):
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


async def _begun_elsewhere() -> None:
    """A child is begun and looked at, not called."""


def _pause(waited: timedelta) -> timedelta:
    """As long again as so far, within bounds, until it looks at a child unasked: who was to wake it may be gone."""
    return min(max(waited, _SOON), _LOOK)

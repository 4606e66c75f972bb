"""Runs sagas that are written as a function: called again from the start, with what is done answered at once."""

from __future__ import annotations

from typing import Final, TypeVar, cast

from msgspec.structs import replace

from leftfold.errors import DefinitionError, StepRefused
from leftfold.processes.calling import Leave
from leftfold.processes.children import Parenting
from leftfold.processes.declaring import Step
from leftfold.processes.definition import StepPlan
from leftfold.processes.journal import Journal, StepRecord
from leftfold.processes.planning import Do, Finish, Move, Until, begun, doubted, left_behind, turned_back
from leftfold.processes.saga import Saga
from leftfold.processes.steps import Steps
from leftfold.processes.trying import Tried, changed_fields, check_room, with_changed
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.parking import error_text

__all__ = ["GuidedRun"]

R = TypeVar("R")

_GONE: Final = "its worker was gone before it was heard how it ended"


class GuidedRun(Parenting):
    """One claim of one instance of a saga that is written as a function."""

    _under_way: str | None = None

    async def run(self, journal: Journal) -> None:
        """See `Run.run`."""
        self._definition = self._definition.asked_anew()
        self._journal = replace(journal, misread=None)
        move = await self._called()
        journal = self._journal
        if (error := self._misread()) is not None:
            await self._write(self._revise(replace(journal, misread=str(error)), Finish("stuck")))
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
        except (Leave, Exception) as error:  # noqa: BLE001 - whatever it is, the saga does not go on
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


def _left(journal: Journal, saga: Saga) -> Journal:
    """With what the function changed in the fields beside those that it is called with when it is to be undone."""
    if not (changed := changed_fields(journal.fields, saga)):
        return journal
    left = with_changed(journal, changed)
    check_room(journal, "the function", Tried(result=left))
    return replace(journal, left=left)

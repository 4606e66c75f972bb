"""A call of a saga's function: what it may ask for, and how it is left."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Never

from leftfold.errors import Fenced, StepRefused, StoreError, UnreadableState
from leftfold.processes.definition import GuidedDefinition, StepPlan
from leftfold.processes.journal import Journal, StepRecord
from leftfold.processes.planning import Move, turned_back
from leftfold.processes.sagas import Run

__all__ = ["Calling", "Leave"]

_CUT_SHORT: Final = "the function went on before it was heard how it ended"


class Leave(BaseException):
    """Leaves the function; whatever code of a user makes of it, it is left.

    Args:
        move: what comes next; None when the function was only asked for its steps.
    """

    def __init__(self, move: Move | None) -> None:
        self.move = move
        super().__init__()


class Calling(Run):
    """One claim of an instance, while its function is called."""

    _definition: GuidedDefinition
    _journal: Journal
    _leaving: Leave | None = None
    _lost: BaseException | None = None
    _unread: UnreadableState | None = None

    def _result(self, plan: StepPlan, record: StepRecord) -> object:
        """What the step returned; leaves when it is not what the function of this version reads."""
        try:
            return plan.result.decode(record.result)
        except Exception as error:  # noqa: BLE001 - a `__post_init__` may raise anything
            reason = f"step {plan.name!r} returned what this code does not read: {error}"
            self._unread = UnreadableState(self._item.id, self._item.queue, reason)
            self._leave(None)

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
        except (Leave, CancelledError):
            raise
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, Fenced | StoreError):
                raise
            self._lost, self._leaving = error, Leave(None)
            raise self._leaving from error

    def _check_leaving(self) -> None:
        """Nothing is done on the way out, as by a `finally`: the function is called again, and comes to it then."""
        if self._leaving is not None:
            raise self._leaving

    def _leave(self, move: Move | None) -> Never:
        self._leaving = Leave(move)
        raise self._leaving

    def _turn_back(self, reason: str) -> Never:
        self._journal = turned_back(self._definition, self._journal, reason)
        self._leave(None)

"""Carries on the instances of sagas, however they are written."""

from __future__ import annotations

import logging
from typing import Final

from leftfold.errors import UnreadableState
from leftfold.handling.correlation import handling
from leftfold.messages.metadata import NO_METADATA
from leftfold.processes.definition import GuidedDefinition, SagaDefinition
from leftfold.processes.engine import Moment
from leftfold.processes.guided import GuidedRun
from leftfold.processes.instances import ENDED
from leftfold.processes.journal import Journal
from leftfold.processes.means import Means
from leftfold.processes.saga_view import saga_view
from leftfold.processes.sagas import Run
from leftfold.store.work import WorkItem

__all__ = ["SagaCarrier"]

_log: Final = logging.getLogger("leftfold")


class SagaCarrier:
    """Carries on the instances of the sagas of one context, with these means."""

    def __init__(self, means: Means) -> None:
        self.queues: tuple[str, ...] = tuple(means.instances.definitions)
        self._definitions = means.instances.definitions
        self._means = means

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`; what this code cannot read is stuck, and stays as it is."""
        definition = self._definitions[item.queue]
        kind = GuidedRun if isinstance(definition, GuidedDefinition) else Run
        run = kind(self._means, definition, item, moment)
        journal: Journal | None = None
        try:
            journal = await self._read(run, definition, item)
            await run.run(journal)
        except UnreadableState:  # that it is stuck, and why, is told below
            if run.left is None:
                raise
        finally:
            left = run.left
            self._means.instances.watchers.tell(item.id, left)
            if left is not None and left.status == "stuck":
                with handling((journal.metadata if journal else NO_METADATA).caused_by(item.id)):
                    _warn(definition, left)
            if left is not None and left.status in ENDED and self._means.measuring is not None:
                self._means.measuring.ended(definition.name, left)

    async def _read(self, run: Run, definition: SagaDefinition, item: WorkItem) -> Journal:
        try:
            return definition.read(item)
        except UnreadableState:
            await run.give_up()
            raise


def _warn(definition: SagaDefinition, item: WorkItem) -> None:
    """Say of an instance that a person has to decide about it, and why."""
    view = saga_view(definition, item)
    what = "the undo of step" if view.back else "step"
    parked = [f"{what} {one.name!r} is parked: {one.error}" for one in view.steps if one.status == "parked"]
    why = "; ".join(parked) or view.reason
    _log.warning("saga %s %.200r is stuck: %s. See: leftfold sagas list --status stuck", view.saga, view.id, why)

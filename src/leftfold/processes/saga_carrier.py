"""Carries on the instances of sagas, however they are written."""

from __future__ import annotations

from leftfold.errors import UnreadableState
from leftfold.handling.injection import Scope
from leftfold.handling.loading import Loader
from leftfold.processes.definition import GuidedDefinition, SagaDefinition
from leftfold.processes.engine import Moment
from leftfold.processes.guided import GuidedRun
from leftfold.processes.instances import SagaInstances
from leftfold.processes.journal import Journal
from leftfold.processes.reading import read_journal
from leftfold.processes.sagas import Means, Run
from leftfold.processes.sending import Send
from leftfold.store.transaction import Transaction
from leftfold.store.work import Hold, Revise, WorkItem

__all__ = ["SagaCarrier"]


class SagaCarrier:
    """Carries on the instances of the sagas of one context.

    Args:
        instances: of the context.
        loader: of the context's store.
        scope: what steps can be given.
        send: carries out what they send.
    """

    def __init__(self, instances: SagaInstances, loader: Loader, scope: Scope, send: Send) -> None:
        self.queues = tuple(instances.definitions)
        self._definitions = instances.definitions
        self._means = Means(loader, scope, send, instances)

    async def carry(self, item: WorkItem, hold: Hold, moment: Moment) -> None:
        """See `Carrier.carry`; what this code cannot read is stuck, and stays as it is."""
        definition, left = self._definitions[item.queue], None
        kind = GuidedRun if isinstance(definition, GuidedDefinition) else Run
        run = kind(self._means, definition, item, hold, moment)
        try:
            await run.run(await self._read(definition, item))
            left = run.left
        finally:
            self._means.instances.watchers.tell(item.id, left)

    async def _read(self, definition: SagaDefinition, item: WorkItem) -> Journal:
        try:
            return read_journal(definition, item)
        except UnreadableState:
            stuck = Revise(id=item.id, token=item.token, status="stuck", state=item.state, wake=None)
            await self._means.loader.store.transact(Transaction(writes=[stuck]))
            raise

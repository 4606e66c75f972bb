"""What keeps instances of sagas from being carried on by the code that is here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from msgspec import Struct

from leftfold.errors import UnreadableState
from leftfold.processes.definition import SagaDefinition
from leftfold.store.work import WorkItems
from leftfold.store.work_paging import work_items

__all__ = ["SagaFinding", "saga_findings"]

_DONE: Final = frozenset({"completed", "compensated"})


class SagaFinding(Struct, frozen=True, kw_only=True):
    """Instances that this code cannot carry on.

    Args:
        saga: name of the context and the saga.
        version: that they run by.
        id: of the instance; None for all of that version.
        count: of instances.
        reason: what is wrong, and what to do.
    """

    saga: str
    version: int
    id: str | None
    count: int
    reason: str


async def saga_findings(
    definitions: Mapping[str, SagaDefinition], items: WorkItems, context: str
) -> AsyncIterator[SagaFinding]:
    """Look at every instance that has not ended.

    Args:
        definitions: that are here, by their queues.
        items: of the context's store.
        context: only its sagas are looked at.
    """
    counts = await items.count_work(f"saga/{context}.")
    waiting: dict[str, int] = {}
    for (queue, status), count in counts.items():
        if status not in _DONE:
            waiting[queue] = waiting.get(queue, 0) + count
    for queue, count in sorted(waiting.items()):
        saga, _, version = queue.removeprefix("saga/").rpartition("/")
        if queue not in definitions:
            here = ", ".join(f"version {one.version}" for one in definitions.values() if one.name == saga) or "none"
            reason = f"no saga of this version is registered here ({here} is); keep its class until they have ended"
            yield SagaFinding(saga=saga, version=int(version), id=None, count=count, reason=reason)
            continue
        async for finding in _unreadable(definitions[queue], items):
            yield finding


async def _unreadable(definition: SagaDefinition, items: WorkItems) -> AsyncIterator[SagaFinding]:
    async for item in work_items(items, definition.queue, ("running", "compensating", "stuck")):
        try:
            if item.queue == definition.queue:
                definition.read(item)
        except UnreadableState as error:
            id = item.id.removeprefix(definition.item_id(""))
            yield SagaFinding(saga=definition.name, version=definition.version, id=id, count=1, reason=error.reason)

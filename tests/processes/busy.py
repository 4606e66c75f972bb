"""A store in which somebody is always quicker."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from leftfold.store import MemoryStore, Revise, Transaction, WorkItem

__all__ = ["BusyStore"]


class BusyStore(MemoryStore):
    """Somebody changes every instance right after it was found."""

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        found = await super().find_work(queues=queues, statuses=statuses, after=after, limit=limit)
        for one in found:
            revise = Revise(id=one.id, token=one.token, status=one.status, state=one.state, wake=None)
            await self.transact(Transaction(writes=[revise]))
        return found

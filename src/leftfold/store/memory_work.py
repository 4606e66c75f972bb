"""The reference store's work; what is due and leases go by the store's clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from leftfold.errors import Fenced, InvalidQuery, KeyTaken
from leftfold.store.checks import check_timeout
from leftfold.store.limits import WORK_LOOK_S
from leftfold.store.memory_log import OpenedLog
from leftfold.store.memory_tables import Undo
from leftfold.store.restoring import check_items, new_items
from leftfold.store.work import Begin, End, Keep, Revise, WorkItem, WorkWrite
from leftfold.store.work_checks import check_claiming, check_holding, check_ids, check_queues, woken

__all__ = ["MemoryWork"]


class MemoryWork(OpenedLog):
    """See `WorkItems`."""

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        """See `WorkItems.claim_due`."""
        self._check_open()
        lease = check_claiming(queues, owner, lease_s, limit)
        now = self._moment()
        waiting = [(at, item) for at, item in self._waiting(queues) if at <= now]
        waiting.sort(key=lambda each: (each[0], each[1].id))
        claimed = [
            replace(item, token=item.token + 1, owner=owner, wake_at=now + lease, changed_at=now)
            for _, item in waiting[:limit]
        ]
        self._log.work.update({item.id: item for item in claimed})
        return [replace(item, held=True) for item in claimed]

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        """See `WorkItems.extend`."""
        self._check_open()
        until = self._moment() + check_holding(owner, lease_s)
        known = [self._log.work[id] for id in check_ids(held) if id in self._log.work]
        ours = [item for item in known if item.owner == owner and item.token >= held[item.id]]
        self._log.work.update({item.id: replace(item, wake_at=until) for item in ours})
        return {item.id for item in ours}

    async def work(self, ids: Collection[str]) -> Mapping[str, WorkItem]:
        """See `WorkItems.work`."""
        self._check_open()
        return {id: self._seen(self._log.work[id]) for id in check_ids(ids) if id in self._log.work}

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        """See `WorkItems.find_work`."""
        self._check_open()
        if limit < 1:
            raise InvalidQuery(f"limit={limit}: a page has at least one work item")
        return [
            self._seen(item)
            for id, item in sorted(self._log.work.items())
            if id > after and item.queue.startswith(queues) and (not statuses or item.status in statuses)
        ][:limit]

    async def count_work(self, queues: str = "") -> Mapping[tuple[str, str], int]:
        """See `WorkItems.count_work`."""
        self._check_open()
        return Counter((item.queue, item.status) for item in self._log.work.values() if item.queue.startswith(queues))

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        """See `WorkItems.await_work`."""
        self._check_open()
        check_queues(queues)
        check_timeout(timeout)
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while (left := min(end - loop.time(), self._pause(queues))) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._log.grown.wait()
            except TimeoutError:
                pass
            self._check_open()

    async def restore_work(self, items: Sequence[WorkItem]) -> int:
        """See `Restorable.restore_work`."""
        self._check_open()
        check_items(items)
        new = new_items(items, {id: item.token for id, item in self._log.work.items()})
        self._log.work.update({item.id: replace(item, owner=None, held=False) for item in new})
        self._log.wake_all()
        return len(new)

    def _seen(self, item: WorkItem) -> WorkItem:
        held = item.owner is not None and item.wake_at is not None and item.wake_at > self._moment()
        return replace(item, held=True) if held else item

    def _pause(self, queues: Collection[str]) -> float:
        """Seconds until the next item of *queues* is due, or until the next look for one."""
        pause = timedelta(seconds=WORK_LOOK_S)
        now = self._moment()
        return min([pause, *(at - now for at, _ in self._waiting(queues))]).total_seconds()

    def _waiting(self, queues: Collection[str]) -> list[tuple[datetime, WorkItem]]:
        return [
            (item.wake_at, item)
            for item in self._log.work.values()
            if item.wake_at is not None and item.queue in queues
        ]

    def _work(self, write: WorkWrite, undo: Undo) -> None:
        known = self._log.work.get(write.id)
        match write:
            case Begin():
                if known is None:
                    undo.put(self._log.work, write.id, _begun(write, self._moment()))
                elif not write.unless_there:
                    raise KeyTaken("work", write.id)
            case _ if known is None or known.token != write.token:
                raise Fenced(write.id, write.token, "work item")
            case Revise():
                undo.put(self._log.work, write.id, _revised(known, write, self._moment()))
            case End():
                undo.put(self._log.work, write.id, None)

    def _moment(self) -> datetime:
        return self._clock.now().astimezone(UTC)


def _begun(write: Begin, now: datetime) -> WorkItem:
    owner, wake_at = woken(write.wake, now)
    return WorkItem(
        id=write.id,
        queue=write.queue,
        status=write.status,
        state=write.state,
        token=1,
        owner=owner,
        wake_at=wake_at,
        created_at=now,
        changed_at=now,
    )


def _revised(known: WorkItem, write: Revise, now: datetime) -> WorkItem:
    as_it_is = known.owner, known.wake_at
    owner, wake_at = as_it_is if isinstance(write.wake, Keep) else woken(write.wake, now)
    return replace(
        known,
        queue=known.queue if write.queue is None else write.queue,
        status=write.status,
        state=write.state,
        token=known.token + 1,
        owner=owner,
        wake_at=wake_at,
        changed_at=now,
    )

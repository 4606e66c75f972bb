"""Work that the laws begin, and how they look at it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from leftfold.store.port import Store
from leftfold.store.work import AT_ONCE, Begin, Keep, Revise, Wake, WorkItem
from leftfold.testing.conformance.ledger import write

__all__ = ["LEASE_S", "QUEUE", "all_work", "begin", "begun", "ids_of", "item_of", "revise", "seconds"]

LEASE_S = 600.0
QUEUE = "saga:Transfer:1"


def begin(id: str, wake: Wake = AT_ONCE, *, queue: str = QUEUE, status: str = "running", n: int = 0) -> Begin:
    """A work item to begin with."""
    return Begin(id=id, queue=queue, status=status, state=b'{"n":%d}' % n, wake=wake)


def revise(item: WorkItem, wake: Wake | Keep = AT_ONCE, *, status: str = "running", n: int = 1) -> Revise:
    """The next state of *item*, by its token."""
    return Revise(id=item.id, token=item.token, status=status, state=b'{"n":%d}' % n, wake=wake)


async def begun(store: Store, id: str, wake: Wake = AT_ONCE, *, queue: str = QUEUE) -> WorkItem:
    """Begin a work item, and return it as it is kept."""
    await write(store, begin(id, wake, queue=queue))
    return await item_of(store, id)


async def item_of(store: Store, id: str) -> WorkItem:
    """The work item *id*, which has to be there."""
    found = await store.work([id])
    assert list(found) == [id], "it is there"
    return found[id]


async def all_work(store: Store, queues: str = "") -> list[WorkItem]:
    """Every work item, page by page, until a page is shorter than its limit."""
    found: list[WorkItem] = []
    while True:
        page = await store.find_work(queues=queues, after=found[-1].id if found else "", limit=500)
        found += page
        if len(page) < 500:
            return found


def ids_of(items: Iterable[WorkItem]) -> list[str]:
    """Their ids, in order."""
    return [item.id for item in items]


def seconds(count: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=count)

"""Work items of any number: read within bounded memory, and counted without being read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final

from leftfold.store.work import WorkItem, WorkItems

__all__ = ["by_status", "looked_at", "work_items", "work_pages"]

_PAGES_NEAR: Final = 8
_NEAR: Final = 4_000


async def work_pages(
    items: WorkItems, queues: str, statuses: Collection[str] = (), *, limit: int = 500
) -> AsyncIterator[Sequence[WorkItem]]:
    """Every page of the items whose queue begins with *queues*, by id; what is written meanwhile may be in or not.

    A page that is not full is the last: to look behind it may be as dear as to find it was. After each the loop has a
    turn, for an embedded store answers without waiting.

    Args:
        statuses: only those; empty for all.
        limit: most items of a page.
    """
    after, full = "", True
    while full and (page := await items.find_work(queues=queues, statuses=statuses, after=after, limit=limit)):
        yield page
        after, full = page[-1].id, len(page) == limit
        await asyncio.sleep(0)


async def work_items(items: WorkItems, queues: str, statuses: Collection[str] = ()) -> AsyncIterator[WorkItem]:
    """Each of what `work_pages` reads."""
    async for page in work_pages(items, queues, statuses):
        for item in page:
            yield item


def by_status(counts: Mapping[tuple[str, str], int]) -> Mapping[str, int]:
    """What `WorkItems.count_work` has counted, whatever the queue."""
    found: Counter[str] = Counter()
    for (_, status), count in counts.items():
        found[status] += count
    return dict(found)


def looked_at(limit: int) -> int:
    """How many of the next items a database looks at for a page of chosen ones, before it looks for each kind apart.

    What is common is found among them, however many kinds there are.

    Args:
        limit: most items of the page.

    Returns:
        0 for a page so large that they would hardly fill it.
    """
    return min(_PAGES_NEAR * limit, _NEAR) if limit < _NEAR else 0

"""Who waits here until an instance is let go of, told by whoever carries it on in this process."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from leftfold.store.work import WorkItem

__all__ = ["Heard", "Watchers", "heard_within"]

Heard: TypeAlias = asyncio.Future[WorkItem | None]
"""Done with the item as it was written last, or with None when that is not known here."""


class Watchers:
    """Those who wait, by the id of the work item; each is told once, of its own item alone."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Heard]] = {}

    def watch(self, id: str) -> Heard:
        """Wait for an item: what is told from now on is heard, until it is left."""
        heard: Heard = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, set()).add(heard)
        return heard

    def leave(self, id: str, heard: Heard) -> None:
        """Wait no more."""
        waiting = self._waiting[id]
        waiting.discard(heard)
        if not waiting:
            del self._waiting[id]

    def tell(self, id: str, item: WorkItem | None) -> None:
        """Say that an item was let go of."""
        for heard in self._waiting.get(id, ()):
            if not heard.done():
                heard.set_result(item)


async def heard_within(heard: Heard, seconds: float) -> WorkItem | None:
    """What was heard; None when that was nothing."""
    timer = asyncio.get_running_loop().call_later(seconds, _over, heard)
    try:
        return await heard
    finally:
        timer.cancel()


def _over(heard: Heard) -> None:
    if not heard.done():
        heard.set_result(None)

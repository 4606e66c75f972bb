"""Watches over kept answers: they are dropped when the rows that they come from change."""

from __future__ import annotations

import asyncio

from leftfold.projections.invalidating import Invalidating

__all__ = ["Watching"]


class Watching:
    """The watches of one context, each over the rows of one projection, from `begin` to `stop`."""

    def __init__(self) -> None:
        self._watches: dict[str, Invalidating] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, projection: str, watch: Invalidating) -> None:
        """Drop what changes of *projection* concern from now on."""
        await watch.start()
        self._watches[projection] = watch
        self._tasks.append(asyncio.create_task(watch.run()))

    async def passed(self, projection: str, position: int) -> None:
        """Wait until no kept answer comes from rows of *projection* as they were before the event at *position*."""
        if (watch := self._watches.get(projection)) is not None:
            await watch.passed(position)

    async def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

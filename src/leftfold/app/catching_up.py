"""Waiting until what is read shows what has been recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from leftfold.errors import KeyParked, NotCaughtUp, NoWorker, TableMissing
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import Generation
from leftfold.store.port import Store
from leftfold.subscriptions.admitting import STREAM
from leftfold.subscriptions.monitor import wait_for
from leftfold.subscriptions.parked import parked_at

__all__ = ["CatchingUp"]

_LOOK_S: Final = 0.25
_SOON_S: Final = 0.001


class CatchingUp:
    """Waits for the rows of one projection.

    ::

        which generation is shown? -> wait for it -> is it shown still? -> yes: reads from now on see the position
              ^                                       | no: it may have been followed on after it was replaced
              +---------------------------------------+

    Args:
        follower: of the projection.
        store: where the rows are.
        followed_here: whether a worker of this process follows.
    """

    def __init__(self, follower: ProjectionFollower, store: Store, followed_here: Callable[[], bool]) -> None:
        self._projection, self._source = follower.projection, follower.source
        self._name = follower.projection.name
        self._table = follower.projection.table
        self._generations = follower.generations
        self._inline = follower.inline
        self._store = store
        self._followed_here = followed_here
        self._known: Generation | None = None

    async def wait(self, position: int, timeout_s: float, *, event: bool = False) -> None:
        """Wait until the rows show everything up to *position* that is not parked; see `wait_for`.

        What is read afterwards shows it, although another generation may be shown by then.

        Args:
            timeout_s: seconds to wait at most.
            event: the event at *position* itself has to be shown.

        Raises:
            KeyParked: that event is parked, and was not handled by itself within the time.
            TableMissing: the rows have got there, and are shown for the first time later than that.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while True:
            left = max(end - loop.time(), 0.0)
            shown = self._known = self._known or await self._generations.active()
            if shown is not None and shown.is_inline(unless_noted=self._inline):
                if self._inline or await self._generations.shows(shown):  # who reads alone is told of no change
                    return
                self._known = None
                continue
            reached = await self._reached_by(shown, position, left)
            if reached is None:
                self._known = None
                continue
            if shown is not None and reached >= position and not (event and await self._parked(shown, position, left)):
                return
            if not left:
                if reached >= position:
                    raise TableMissing(self._table.name, self._table.version, None)
                raise NotCaughtUp(self._name, position, reached)
            await asyncio.sleep(_SOON_S)  # what has caught up is about to be shown

    async def _reached_by(self, shown: Generation | None, position: int, left_s: float) -> int | None:
        """How far the rows that are read from now on are; None when *shown* is not shown any more."""
        if shown is None:
            return await self._reached(await self._generations.begin("worker"), position, left_s)
        try:
            reached = await self._reached(shown, position, left_s)
        except NoWorker:
            if await self._generations.shows(shown):
                raise
            return None
        return reached if await self._generations.shows(shown) else None

    async def _reached(self, generation: Generation, position: int, left_s: float) -> int:
        parts, here = generation.checkpoints, self._followed_here()
        try:
            await wait_for(self._name, parts, position, self._store, min(left_s, _LOOK_S), followed_here=here)
        except NotCaughtUp as error:
            return error.reached
        return position

    async def _parked(self, shown: Generation, position: int, left_s: float) -> bool:
        """Whether the event at *position* is parked, after a moment if so; raises when it is to stay so."""
        found = await parked_at(self._store, shown.subscription, position, partial(self._subjects, position))
        if found is None:
            return False
        if found.dead or not left_s:
            raise KeyParked(self._name, found.subject, position, found.error)
        await asyncio.sleep(min(left_s, _LOOK_S))
        return True

    async def _subjects(self, position: int) -> list[str]:
        """What the event at *position* may be parked for: its stream, and its keys, as far as they can be had."""
        page = await self._source.store.read_log(after=max(position - 1, 0), upto=position, limit=1)
        subjects = [f"{STREAM}{stored.stream}" for stored in page.events]
        try:
            for stored in page.events:
                for event in self._source.events.recorded(stored, self._projection.events):
                    subjects += self._projection.keys(event.event, event)
        except Exception:  # noqa: BLE001 - then its stream is parked by whoever folds
            return subjects
        return subjects

"""Notices which rows have changed, whoever changed them, so that answers that come from them are not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from leftfold.errors import StoreError, UnreadableEvent
from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.caching import CachedAnswers
from leftfold.projections.generations import Generation, Generations
from leftfold.projections.projection import Projection
from leftfold.store.port import Store
from leftfold.subscriptions.subscription import Source
from leftfold.subscriptions.trouble import Trouble

__all__ = ["Invalidating"]

_PAGE: Final = 500
_WAIT_S: Final = 1.0
_LOOK_S: Final = 0.05
_RETRY_S: Final = 0.5


class Invalidating:
    """Follows the checkpoint of one projection and tells which of its rows events have changed up to there.

    Args:
        source: the log.
        target: where the rows are.
        inline: whether every append writes them, so that they are as new as the log.
        answers: those that come from its rows.
    """

    def __init__(
        self,
        projection: Projection[Any],
        source: Source,
        target: Store,
        answers: CachedAnswers,
        *,
        inline: bool = False,
    ) -> None:
        self._projection = projection
        self._generations = Generations(projection, target)
        self._source = source
        self._target = target
        self._answers = answers
        self._inline = inline
        self._position = 0
        self._generation: Generation | None = None
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled; while it cannot, no answer is kept."""
        name = self._projection.name
        trouble = Trouble(f"answers from {name} are not kept", f"answers from {name} are kept again")
        while True:
            try:
                await self._turn()
                trouble.over()
                self._answers.paused = False
                await asyncio.sleep(0)  # a store may answer without ever letting others run
            except (StoreError, UnreadableEvent) as error:
                trouble.met(error)
                self._answers.paused = True
                self._answers.drop([(self._projection.name, None)])
                await asyncio.sleep(_RETRY_S)

    async def passed(self, position: int) -> None:
        """Wait until no answer is kept that an event up to *position* has made wrong."""
        while self._position < position:
            await self._moved.wait()

    async def start(self) -> None:
        """Begin where the rows are now; nothing may be kept before."""
        self._generation = await self._generations.active()
        self._position = await self._reached()

    async def _turn(self) -> None:
        active = await self._generations.active()
        if active != self._generation:
            self._generation = active
            self._position = await self._reached()
            self._answers.drop([(self._projection.name, None)])
        await self._wait()
        upto = await self._reached()
        if self._generation is not None and not await self._generations.shows(self._generation):
            return  # who follows a retired one may take it further than what is read now
        await self._tell(upto)
        self._moved.set()
        self._moved = asyncio.Event()

    async def _reached(self) -> int:
        if self._inline:
            return await self._source.store.head()
        if self._generation is None:
            return 0
        known = {one.name: one.position for one in await self._target.checkpoints(f"{self._generation.subscription}/")}
        return min(known.get(name, 0) for name in self._generation.checkpoints)

    async def _wait(self) -> None:
        if self._generation is None:  # nothing is shown yet, so nothing is kept; look again soon
            await self._source.store.wake(await self._source.store.head(), _LOOK_S)
            return
        if self._inline:
            await self._source.store.wake(self._position, _WAIT_S)
            return
        for name in self._generation.checkpoints:
            await self._target.reached(name, self._position + 1, _WAIT_S)

    async def _tell(self, upto: int) -> None:
        while self._position < upto:
            page = await self._source.store.read_log(after=self._position, upto=upto, limit=_PAGE)
            keys = {
                key
                for stored in page.events
                if self._source.holds(stored.stream)
                for event in self._source.events.recorded(stored)
                if type(event.event) in self._projection.events
                for key in self._keys(event)
            }
            if keys:
                self._answers.drop([(self._projection.name, key) for key in keys])
            self._position = page.position

    def _keys(self, event: RecordedEvent[object]) -> Sequence[str | None]:
        """The keys of the rows that *event* changes; None stands for any, when its keys cannot be found."""
        try:
            return self._projection.keys(event.event, event)
        except Exception:  # noqa: BLE001 - its stream is parked by whoever folds, and the letter says why
            return (None,)

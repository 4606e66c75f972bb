"""Notices which rows have changed, whoever changed them, so that answers that come from them are not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.caching import CachedAnswers
from leftfold.projections.generations import Generation, Generations
from leftfold.projections.projection import Projection
from leftfold.store.events import StoredEvent
from leftfold.store.following import id_at
from leftfold.store.port import Store
from leftfold.subscriptions.admitting import about_stream
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.letters import first_letters
from leftfold.subscriptions.parking import letter_key
from leftfold.subscriptions.subscription import Source, shard_of
from leftfold.subscriptions.trouble import Trouble

__all__ = ["Invalidating", "Watching"]

_PAGE: Final = 500
_WAIT_S: Final = 1.0
_LOOK_S: Final = 0.05
_RETRY_S: Final = 0.5


class Invalidating:
    """Follows the checkpoints of one projection and tells which of its rows events have changed up to there.

    An event that was kept as a letter changes its row when the letter goes, whoever handles it: that is noticed within
    about a second.

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
        self._positions = [0]
        self._passed: UUID | None = None  # the event at the highest of them
        self._letters: Mapping[str, str | None] | None = {}
        self._generation: Generation | None = None
        self._moved = asyncio.Event()
        self._waits: dict[str, asyncio.Task[int]] = {}

    async def run(self) -> None:
        """Follow until cancelled; while it cannot, no answer is kept."""
        name = self._projection.name
        trouble = Trouble(f"answers from {name} are not kept", f"answers from {name} are kept again")
        try:
            while True:
                try:
                    with blamed():
                        await self._turn()
                    trouble.over()
                    self._answers.paused = False
                    await asyncio.sleep(0)  # a store may answer without ever letting others run
                except Exception as error:  # noqa: BLE001 - whatever it is: what is kept may be wrong from here on
                    trouble.met(error)
                    self._answers.paused = True
                    self._answers.drop([(self._projection.name, None)])
                    await asyncio.sleep(_RETRY_S)
        finally:
            await self._wait_no_more()

    async def passed(self, position: int) -> None:
        """Wait until no answer is kept that an event up to *position* has made wrong."""
        while min(self._positions) < position:
            await self._moved.wait()

    async def start(self) -> None:
        """Begin where the rows are now; what was kept before is dropped."""
        await self._begin(await self._generations.active())

    async def _turn(self) -> None:
        active = await self._generations.active()
        if active != self._generation:
            await self._begin(active)
        await self._wait()
        before, passed = max(self._positions), self._passed
        upto = await self._reached(self._generation)
        if any(to < at for at, to in zip(self._positions, upto, strict=True)):  # it was put back to an older state
            await self._begin(active)
            return
        # After the positions: what they have passed is among these, or handled by now.
        letters = await self._kept(self._generation)
        if self._generation is not None and not await self._generations.shows(self._generation):
            return  # who follows a retired one may take it further than what is read now
        self._tell_handled(letters)
        await self._tell(upto)
        if await self._event_at(before) != passed:  # asked last: it was put back, and may have grown beyond that since
            await self._begin(active)
            return
        self._moved.set()
        self._moved = asyncio.Event()

    async def _begin(self, generation: Generation | None) -> None:
        await self._wait_no_more()
        positions, letters = await self._reached(generation), await self._kept(generation)
        passed = await self._event_at(max(positions))
        # All at once, and after the last look: who waits for one of these positions finds no answer of other rows.
        self._answers.drop([(self._projection.name, None)])
        self._generation, self._positions, self._letters = generation, positions, letters
        self._passed = passed

    async def _event_at(self, position: int) -> UUID | None:
        """The id of the event at *position* of the log; None when there is none."""
        return await id_at(self._source.store, position)

    async def _reached(self, generation: Generation | None) -> list[int]:
        """How far the rows of each shard are."""
        if self._inline:
            return [await self._source.store.head()]
        if generation is None:
            return [0]
        return await self._generations.reached(generation)

    async def _kept(self, generation: Generation | None) -> Mapping[str, str | None] | None:
        """The row that each letter is about, or None for any; None when there are too many letters to look at."""
        if self._inline or generation is None:
            return {}
        letters = await first_letters(self._target, generation.subscription, _PAGE)
        if len(letters) == _PAGE:
            return None
        return {letter_key(one): None if about_stream(one) else one.subject for one in letters}

    async def _wait(self) -> None:
        if self._generation is None:  # nothing is shown yet, so nothing is kept; look again soon
            await self._source.store.wake(await self._source.store.head(), _LOOK_S)
            return
        if self._inline:
            await self._source.store.wake(self._positions[0], _WAIT_S)
            return
        for name, at in zip(self._generation.checkpoints, self._positions, strict=True):
            if name not in self._waits:
                self._waits[name] = asyncio.create_task(self._target.reached(name, at + 1, _WAIT_S))
        moved, _ = await asyncio.wait(self._waits.values(), return_when=asyncio.FIRST_COMPLETED)
        self._waits = {name: one for name, one in self._waits.items() if one not in moved}
        await asyncio.gather(*moved)

    async def _wait_no_more(self) -> None:
        waits, self._waits = self._waits.values(), {}
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    def _tell_handled(self, letters: Mapping[str, str | None] | None) -> None:
        before, self._letters = self._letters, letters
        gone = {None} if before is None or letters is None else {before[key] for key in before.keys() - letters.keys()}
        if gone:
            self._answers.drop([(self._projection.name, key) for key in gone])

    async def _tell(self, upto: Sequence[int]) -> None:
        moved = [(at, to) for at, to in zip(self._positions, upto, strict=True) if at < to]
        if not moved:
            return
        position, end = min(at for at, _ in moved), max(to for _, to in moved)
        while position < end:
            page = await self._source.store.read_log(after=position, upto=end, limit=_PAGE)
            if not page.events:  # it was put back meanwhile, and ends before that
                return
            keys = {
                key
                for stored in page.events
                if self._is_news(stored, upto)
                for event in self._source.events.recorded(stored, self._projection.events)
                for key in self._keys(event)
            }
            if keys:
                self._answers.drop([(self._projection.name, key) for key in keys])
            position = page.position
            self._positions = [max(at, min(to, position)) for at, to in zip(self._positions, upto, strict=True)]
            if position == max(self._positions):
                self._passed = page.events[-1].id

    def _is_news(self, stored: StoredEvent, upto: Sequence[int]) -> bool:
        """Whether the shard of an event has passed it since the last look; another may be behind or ahead of it."""
        if not self._source.holds(stored.stream):
            return False
        shard = shard_of(stored.stream, len(upto))
        return self._positions[shard] < stored.position <= upto[shard]

    def _keys(self, event: RecordedEvent[object]) -> Sequence[str | None]:
        """The keys of the rows that *event* changes; None stands for any, when its keys cannot be found."""
        try:
            with blamed():
                return self._projection.keys(event.event, event)
        except Exception:  # noqa: BLE001 - its stream is parked by whoever folds, and the letter says why
            return (None,)


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

"""Building a read model anew beside the one that is shown, and showing it in one step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Generic, NoReturn, TypeVar

from msgspec import Struct

from leftfold.errors import AccessDenied, NotShown, RebuildStopped
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import Generation, is_overtaken
from leftfold.projections.projection import Projection
from leftfold.store.tables import Tables
from leftfold.subscriptions.parked import tried_again, try_again
from leftfold.subscriptions.parking import error_text
from leftfold.subscriptions.worker import Assignment, Timing, Worker

__all__ = ["Rebuild", "RowDifference"]

Row = TypeVar("Row")

_PAGE: Final = 500
_TURN_S: Final = 0.05
_NAMED: Final = 10


class RowDifference(Struct, Generic[Row], frozen=True):
    """A row that the rebuilt read model has otherwise.

    Args:
        before: as it is shown; None when it is not there.
        after: as it was built now; None when it is not there.
    """

    key: str
    before: Row | None
    after: Row | None


class Rebuild(Generic[Row]):
    """Builds a new generation of one projection; what was built before goes on from where it was.

    Nobody sees it before `show`, and outside effects have no part in it. It follows the log like a worker, in parts,
    and may be cancelled at any time.

    Args:
        follower: of the projection.
        owner: who builds, unlike every other.
    """

    def __init__(self, follower: ProjectionFollower, owner: str, timing: Timing | None = None) -> None:
        self._follower = follower
        self._owner = owner
        self._timing = timing or Timing()
        self._showing = self._shown = self._allow_parked = False
        self._generation: Generation | None = None

    async def build(self, progress: Callable[[int, int], None]) -> None:
        """Build until everything that is in the log now is in the rows.

        Args:
            progress: told now and then of the position that is done and of the last one of the log.

        What is parked from before is tried again first.

        Raises:
            RebuildStopped: an event that cannot be read, or what the store refuses for good, stopped it; or somebody
                else dropped what was built, or showed it.
            AccessDenied: the store refuses it to this role; what was built is kept.
            StoreUnavailable: the log or the store is out of reach.
        """
        await self._work(progress, show=False)

    async def show(self, progress: Callable[[int, int], None], *, allow_parked: bool = False) -> None:
        """Build on, and show it in one step once it has caught up with the log and with what is shown.

        The rows shown until then stay until the next rebuild. When another rebuild shows the same rows, or newer ones,
        it ends as well.

        Args:
            progress: see `build`.
            allow_parked: show it although keys are parked in it that are not in what is shown, or are at later events
                there; not for rows that every append writes.

        Raises:
            NotShown: there are such keys; it names them, and what was built is kept.
            RebuildStopped, AccessDenied: see `build`.
        """
        self._allow_parked = allow_parked
        await self._work(progress, show=True)
        self._generation = None

    async def parked(self, limit: int = _NAMED) -> Sequence[str]:
        """Keys for which what was built lacks events that the rows shown have, because they are parked.

        Args:
            limit: how many at most, 1 or more.
        """
        return await self._follower.generations.behind(await self._begun(), limit)

    async def differences(self) -> AsyncIterator[RowDifference[Row]]:
        """Every row that differs from the one that is shown, by key; few rows are in memory at once.

        After each page of rows the loop has a turn, for an embedded store answers without waiting.
        """
        generation = await self._begun()
        active = await self._follower.generations.active()
        projection: Projection[Any] = self._follower.projection
        shown = _rows(self._follower.target, projection, active.generation if active else None)
        built = _rows(self._follower.target, projection, generation.generation)
        before, after = await anext(shown, None), await anext(built, None)
        while before is not None or after is not None:
            if after is None or (before is not None and before[0] < after[0]):
                assert before is not None  # noqa: S101 - one of the two is there
                yield RowDifference(before[0], projection.load(before[1]), None)
                before = await anext(shown, None)
            elif before is None or after[0] < before[0]:
                yield RowDifference(after[0], None, projection.load(after[1]))
                after = await anext(built, None)
            else:
                if before[1] != after[1]:
                    yield RowDifference(before[0], projection.load(before[1]), projection.load(after[1]))
                before, after = await anext(shown, None), await anext(built, None)

    async def give_up(self) -> None:
        """Drop what was built."""
        generation = await self._begun()
        await self._follower.generations.drop(generation)
        self._generation = None

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`."""
        generation = await self._begun()
        return self._follower.assigned(generation, self._moved) if await self._is_building(generation) else []

    async def _work(self, progress: Callable[[int, int], None], *, show: bool) -> None:
        generation, target = await self._begun(), self._follower.target
        self._showing, self._shown = show, False
        group = f"rebuilds/{generation.projection}"
        worker = Worker(target, [self], self._owner, self._timing, group=group, again=False)
        await worker.prepare()
        await try_again(target, generation.subscription)
        running = asyncio.create_task(worker.run())
        try:
            while True:
                head, done = (
                    await self._follower.source.store.head(),
                    min(await self._follower.generations.reached(generation)),
                )
                progress(min(done, head), head)
                if self._shown or await self._shown_by_another(generation):
                    return
                if done >= head and await self._is_done(generation):
                    return
                if worker.given_up and await self._is_building(generation):
                    self._stop(next(iter(worker.given_up.values())))
                await asyncio.sleep(_TURN_S)
        finally:
            self._showing = False  # the batch under way may end well, and who was interrupted does not expect a switch
            worker.stop()
            await running

    def _stop(self, error: BaseException) -> NoReturn:
        if isinstance(error, AccessDenied):  # as where the store refuses before anything is built
            raise error
        raise RebuildStopped(self._follower.projection.name, error_text(error)) from error

    async def _moved(self, position: int, done: bool) -> bool:  # noqa: FBT001 - a callback
        if self._generation is None:
            return False
        if done and self._showing and not self._shown:
            self._shown = await self._follower.show(self._generation, position, allow_parked=self._allow_parked)
        return await self._is_building(self._generation)

    async def _begun(self) -> Generation:
        if self._generation is None:
            await self._follower.generations.clear()
            self._generation = await self._follower.generations.begin("rebuild")
        return self._generation

    async def _is_building(self, generation: Generation) -> bool:
        """Whether its rows may still come to be shown."""
        known = await self._follower.generations.all()
        building = any(one.generation == generation.generation and one.state == "building" for one in known)
        return building and not is_overtaken(generation, known)

    async def _shown_by_another(self, generation: Generation) -> bool:
        """Whether another shows the same rows or newer ones, which is as good when they were to be shown.

        Raises:
            RebuildStopped: they are not being built any more.
        """
        if await self._is_building(generation):
            return False
        active = await self._follower.generations.active()
        shown = active is not None and active.generation >= generation.generation
        if shown and self._showing:
            return True
        reason = (
            "another rebuild has shown what was built, or newer rows"
            if shown
            else "somebody has dropped what was built"
        )
        raise RebuildStopped(self._follower.projection.name, reason)

    async def _is_done(self, generation: Generation) -> bool:
        """Whether there is nothing to do, once everything in the log has been read.

        Raises:
            NotShown: what is parked keeps it from being shown.
        """
        if not await tried_again(self._follower.target, generation.subscription):
            return False
        if self._showing and (self._follower.inline or not self._allow_parked):
            keys = tuple(await self._follower.generations.behind(generation, _NAMED))
            if keys and not self._shown:
                raise NotShown(self._follower.projection.name, keys, inline=self._follower.inline)
        return not self._showing


async def _rows(
    tables: Tables, projection: Projection[Any], generation: int | None
) -> AsyncIterator[tuple[str, bytes]]:
    after = ""
    while generation is not None:
        page = await tables.scan(projection.table, after=after, limit=_PAGE, generation=generation)
        for one in page:
            yield one
        if len(page) < _PAGE:
            return
        after = page[-1][0]
        await asyncio.sleep(0)

"""Keeps the rows of a projection up to date, and builds new generations beside the shown one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from leftfold.clock import Clock
from leftfold.errors import RowsKeptOtherwise, TableMissing
from leftfold.projections.generations import GENERATIONS, Generation, Generations
from leftfold.projections.projection import Projection
from leftfold.projections.projector import Projector
from leftfold.projections.remaining import rest_of
from leftfold.store.port import Store
from leftfold.subscriptions.admitting import admitting
from leftfold.subscriptions.subscription import Source, Subscription
from leftfold.subscriptions.worker import Assignment, Progress

__all__ = ["ProjectionFollower"]

_log: Final = logging.getLogger("leftfold")
_PATIENCE: Final = 10
"""Attempts to show a generation before what is shown is held."""


def _leave(_refusal: RowsKeptOtherwise) -> None:
    """Nobody is to be told."""


class ProjectionFollower:
    """What a worker does for one projection.

    ::

        nothing shown yet -> a generation is built -> caught up -> shown, and followed
        shown with other shards -> it is followed as it is, and one with the new shards is built beside
    shown with other shards, which took the place of as many as these -> it is followed as it is

    Args:
        projection: whose rows.
        source: the log.
        target: where the rows are.
        inline: whether every append writes them; then only building is left to do.
        refuse: told when it is found that what is shown is written in another way; see `RowsKeptOtherwise`.
    """

    def __init__(
        self,
        projection: Projection[Any],
        source: Source,
        target: Store,
        clock: Clock,
        *,
        inline: bool = False,
        refuse: Callable[[RowsKeptOtherwise], None] = _leave,
    ) -> None:
        self.projection = projection
        self.generations: Generations = Generations(projection, target, inline=inline)
        self.switched: asyncio.Event = asyncio.Event()
        self.source = source
        self.target = target
        self._clock = clock
        self._inline = inline
        self._refuse = refuse
        self._shown = 0
        self._futile = 0
        self._said = False

    @property
    def inline(self) -> bool:
        """Whether every append writes the rows."""
        return self._inline

    async def prepare(self) -> None:
        """Make the tables; when there is nothing to follow yet, show the empty rows at once.

        Raises:
            TableMismatch: rows are there with other columns; give the projection another version.
        """
        await self.target.prepare(GENERATIONS)
        if (active := await self.generations.active()) is not None:
            await self.target.prepare(self.projection.table, active.generation)
            self._is_ours(active)
        else:
            new = await self.generations.begin("worker")
            await self.target.prepare(self.projection.table, new.generation)
            if self.source.store is self.target and await self.source.store.head() == 0:
                await self.generations.switch(new, 0, at_head=True)

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`; tables that are gone, for the store was made anew, are made again."""
        try:
            return await self._assignments()
        except TableMissing:
            await self.prepare()
            return await self._assignments()

    async def _assignments(self) -> Sequence[Assignment]:
        active = await self.generations.active()
        self._shown = 0 if active is None else active.generation
        found: list[Assignment] = []
        if active is not None and not self._is_ours(active):
            return found
        if active is not None and not self._inline:
            found += self.assigned(active)
        if active is None or (active.shards != self.projection.shards and not await self._gave_way(active)):
            found += self.assigned(await self.generations.begin("worker"))
        return found

    async def _gave_way(self, active: Generation) -> bool:
        """Whether another release has put *active* in the place of rows in as many parts as this code has; says so."""
        gave_way = await self.generations.had_before(active)
        if gave_way and not self._said:
            _log.warning(
                "%s is followed in %d parts, which were shown after rows in %d, as this code has them; to go back to "
                "those: leftfold rebuild %s",
                self.projection.name,
                active.shards,
                self.projection.shards,
                self.projection.name,
            )
        self._said = gave_way
        return gave_way

    def _is_ours(self, active: Generation) -> bool:
        """Whether what is shown is written as it would be here; both ways together fold some events twice, or never."""
        ours = active.inline in (None, self._inline)
        if not ours:
            self._refuse(RowsKeptOtherwise(self.projection.name, inline=not self._inline))
        return ours

    def assigned(self, generation: Generation, progress: Progress | None = None) -> list[Assignment]:
        """The parts of one generation.

        Args:
            progress: see `Runner`; shows it as soon as it has caught up, when left out.
        """
        subscription = Subscription(
            name=generation.subscription,
            source=self.source,
            target=self.target,
            clock=self._clock,
            shards=generation.shards,
            policy=self.projection.policy,
        )
        number, projection = generation.generation, self.projection
        return [
            Assignment(
                part,
                admitting(
                    partial(Projector, projection, self.target, number, part.number),
                    projection.events,
                    projection.policy,
                    keyed=True,
                ),
                progress or partial(self._progress, generation),
            )
            for part in subscription.parts
        ]

    async def _progress(self, generation: Generation, position: int, done: bool) -> bool:  # noqa: FBT001 - a callback
        if generation.state == "building" and done and generation.generation > self._shown:
            await self.show(generation, position)
        return await self.may_fill(generation)

    async def may_fill(self, generation: Generation) -> bool:
        """Whether its rows may still be written by following: not once it is shown and every append writes them."""
        if not self._inline:
            return True
        known = await self.generations.known(generation)
        return known is not None and known.state == "building"

    async def show(self, generation: Generation, position: int, *, allow_parked: bool = False) -> bool:
        """Show *generation* if all of its parts have caught up with position *position* and with what is shown.

        Where appends never pause, what is shown may move on between each look and the switch; after some attempts it is
        held for a moment. Where every append writes the rows, what was appended meanwhile is folded in the same step.

        Args:
            allow_parked: see `Generations.switch`.
        """
        rest = rest_of(self.projection, self.source, generation.generation) if self._inline else None
        switch = self.generations.switch
        if not await switch(generation, position, at_head=self._inline, rest=rest, allow_parked=allow_parked):
            self._futile += 1
            if not self._inline and self._futile % _PATIENCE == 0:
                await self.generations.hold(generation, allow_parked=allow_parked)
            return False
        self._futile, self._shown = 0, generation.generation
        self.switched.set()
        self.switched = asyncio.Event()
        return True

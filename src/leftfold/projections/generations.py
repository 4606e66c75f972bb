"""The generations of a projection: which one is shown, which ones are being built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from leftfold.errors import Fenced, InvalidInput, KeyTaken, NotAtHead
from leftfold.ids import new_id
from leftfold.projections.projection import Projection
from leftfold.projections.remaining import Unfolded
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.port import Store
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.transaction import Advance, Delete, Insert, Point, Put, Rest, Transaction, Write
from leftfold.subscriptions.letters import forget_letters
from leftfold.subscriptions.parked import any_parked, parked_sooner

__all__ = ["GENERATIONS", "Generation", "Generations", "is_overtaken"]

GENERATIONS: Final = Table(
    name="leftfold_generations",
    columns=(
        Column("projection", ColumnType.TEXT),
        Column("generation", ColumnType.INTEGER),
        Column("shards", ColumnType.INTEGER),
        Column("state", ColumnType.TEXT),
        Column("by", ColumnType.TEXT),
    ),
    indexes=(("projection",),),
)
"""What is known about the generations of all projections."""

_PAGE: Final = 1_000
_HELD_S: Final = 2.0
_NEAR: Final = 500
"""Events that are caught up with in one page."""


class Generation(Struct, frozen=True, kw_only=True):
    """One generation of a projection's rows.

    Args:
        projection: name and version.
        generation: from 1.
        shards: in how many parts it is followed; another number needs another generation.
        state: `building` until it has caught up, `active` while it is shown, `retired` afterwards.
        by: who builds it: every `worker`, or a `rebuild` that somebody started.
        inline: whether every append writes its rows once it is shown, or else followers do; None before that was noted.
    """

    projection: str
    generation: int
    shards: int
    state: Literal["building", "active", "retired"] = "building"
    by: Literal["worker", "rebuild"] = "worker"
    inline: bool | None = None

    @property
    def subscription(self) -> str:
        """The name of the subscription that fills it."""
        return f"{self.projection}.{self.generation}"

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The names of the checkpoints of its parts."""
        return tuple(f"{self.subscription}/{number}.{self.shards}" for number in range(self.shards))

    def is_inline(self, *, unless_noted: bool) -> bool:
        """Whether every append writes its rows; *unless_noted* is the answer where that was not noted."""
        return unless_noted if self.inline is None else self.inline


_load: Final = msgspec.json.Decoder(Generation).decode
_dump: Final = msgspec.json.Encoder().encode


def is_overtaken(one: Generation, known: Sequence[Generation]) -> bool:
    """Whether a newer one of all that are *known* is shown, so that *one* never will be."""
    return any(each.state == "active" and each.generation > one.generation for each in known)


class Generations:
    """The generations of one projection in one store.

    Args:
        inline: whether every append writes the rows of those that it begins.
    """

    def __init__(self, projection: Projection[Any], store: Store, *, inline: bool = False) -> None:
        self.projection = projection
        self.store = store
        self._inline = inline

    async def all(self) -> Sequence[Generation]:
        """All of them, oldest first."""
        where = (Where("projection", Compare.EQUAL, self.projection.id),)
        rows = await self.store.select(GENERATIONS, Selection(where=where, order_by=("generation",), limit=_PAGE))
        return [_load(row) for row in rows]

    async def active(self) -> Generation | None:
        """The one that is shown, None before the first has caught up."""
        number = await self.store.generation(self.projection.table)
        return next((one for one in await self.all() if one.generation == number), None) if number else None

    async def reached(self, one: Generation) -> list[int]:
        """How far each part of *one* is."""
        known = {each.name: each.position for each in await self.store.checkpoints(f"{one.subscription}/")}
        return [known.get(name, 0) for name in one.checkpoints]

    async def shows(self, one: Generation) -> bool:
        """Whether *one* is what is read now."""
        return await self.store.generation(self.projection.table) == one.generation

    async def known(self, one: Generation) -> Generation | None:
        """What is known of *one* now; None when it was dropped."""
        return next((now for now in await self.all() if now.generation == one.generation), None)

    def is_expected(self, one: Generation, known: Sequence[Generation]) -> bool:
        """Whether workers follow *one* of all that are *known*: it is shown, or is what they build to be shown."""
        if one.state == "building":
            shown = any(each.state == "active" and each.shards == self.projection.shards for each in known)
            ours = one.by == "worker" and one.shards == self.projection.shards
            return ours and not shown and not is_overtaken(one, known)
        return one.state == "active"

    async def had_before(self, active: Generation) -> bool:
        """Whether rows in as many parts as are wanted were shown before *active*, so that another release chose those.

        Two releases that run at once would build their own again and again otherwise. It is forgotten with the rows, at
        the next rebuild.
        """
        known = await self.all()
        earlier = [one for one in known if one.state == "retired" and one.generation < active.generation]
        return any(one.shards == self.projection.shards for one in earlier)

    async def behind(self, new: Generation, limit: int = 1) -> list[str]:
        """Keys for which *new* lacks events that what is shown has, because they are parked; *limit* at most."""
        active = await self.active()
        shown = [] if active is None or active.generation == new.generation else [active]
        return await self._lacking(new, shown, limit)

    async def begin(self, by: Literal["worker", "rebuild"]) -> Generation:
        """The generation that is being built by *by*, a new one when there is none.

        A worker that comes when what it was to build is shown already is given that.
        """
        while True:
            known = await self.all()
            for one in known:
                building = one.by == by and one.state == "building" and not is_overtaken(one, known)
                wanted = building or (by == "worker" and one.state == "active")
                if wanted and one.shards == self.projection.shards and one.inline in (None, self._inline):
                    await self.store.prepare(self.projection.table, one.generation)
                    return one
            number = max((one.generation for one in known), default=0) + 1
            new = Generation(
                projection=self.projection.id,
                generation=number,
                shards=self.projection.shards,
                by=by,
                inline=self._inline,
            )
            try:
                await self.store.transact(
                    Transaction(writes=[Insert(table=GENERATIONS, key=new.subscription, row=_dump(new))])
                )
            except KeyTaken:
                continue

    async def switch(
        self,
        new: Generation,
        position: int,
        *,
        at_head: bool = False,
        rest: Rest | None = None,
        allow_parked: bool = False,
    ) -> bool:
        """Show *new* from now on, in one step, if it has caught up: nobody sees older rows than before.

        It is not shown while keys are parked in it at an earlier event than in what is shown, or only in it.

        Args:
            position: every part of it has to be there or beyond, and nothing that is shown ahead of it.
            at_head: only if the log has not grown beyond where it is, nor another has begun to build it: who writes
                rows with every append must find nobody else who does.
            rest: folds what the log has grown by into it, in the same step.
            allow_parked: show it even so, unless *at_head*: nobody would hand in what is parked.

        Returns:
            Whether it is shown now.
        """
        # Whoever follows what is shown goes on meanwhile: little is waited for, and on SQLite nothing comes between.
        parked = await any_parked(self.store, new.subscription)
        everything, known = await self.all(), await self._known()
        shown = [one for one in everything if one.state == "active"]
        dropped = all(one.generation != new.generation or one.state == "retired" for one in everything)
        if dropped or any(one.generation >= new.generation for one in shown):
            return False
        rows = {one.subscription: _dump(msgspec.structs.replace(one, state="retired")) for one in shown}
        rows[new.subscription] = _dump(msgspec.structs.replace(new, state="active"))
        before = [known[name] for one in shown for name in one.checkpoints if name in known]
        reached = min(known[name].position if name in known else 0 for name in new.checkpoints)
        point = Point(
            table=self.projection.table,
            generation=new.generation,
            view=self.projection.name,
            at_head=reached if at_head else None,
            rest=rest,
        )
        if reached < max(position, *(one.position for one in before), 0):
            return False
        if parked and (at_head or not allow_parked) and await self._lacking(new, shown):
            return False
        if at_head:
            before += [known[name] for name in new.checkpoints if name in known]
        still: list[Write] = [  # to where they are, which is refused once they have moved on
            Advance(name=one.name, token=one.token, position=one.position, event_id=one.event_id) for one in before
        ]
        try:
            await self.store.transact(Transaction(writes=[*still, point, Put(table=GENERATIONS, rows=rows)]))
        except (NotAtHead, Fenced, Unfolded):
            return False
        except InvalidInput:
            now = await self._known()
            if all(one.name in now and now[one.name].position == one.position for one in before):
                raise
            return False
        return True

    async def hold(self, new: Generation, *, allow_parked: bool = False) -> None:
        """Take what is shown away from whoever follows it, so that it stands still for *new* to catch up and be shown.

        They go on once it is shown, or when a lease of two seconds has ended. Nothing is held while a part of *new* is
        more than a page behind, which would take long, or while parked keys keep it from being shown.

        Args:
            allow_parked: see `switch`.
        """
        everything = await self.all()
        shown = [one for one in everything if one.state == "active"]
        if all(one.generation != new.generation or one.state != "building" for one in everything):
            return
        if not allow_parked and await any_parked(self.store, new.subscription) and await self._lacking(new, shown):
            return
        known, owner = await self._known(), f"{new.subscription} to be shown, {new_id()}"
        followed = [known[name] for one in shown for name in one.checkpoints if name in known]
        reached = min(known[name].position if name in known else 0 for name in new.checkpoints)
        if any(one.position > reached + _NEAR for one in followed):
            return
        for one in followed:
            await self.store.release(one.name, one.token)
            await self.store.claim(one.name, owner, _HELD_S)

    async def _lacking(self, new: Generation, shown: Sequence[Generation], limit: int = 1) -> list[str]:
        found = [await parked_sooner(self.store, new.subscription, one.subscription, limit) for one in shown]
        return list(chain.from_iterable(found))[:limit]

    async def _known(self) -> dict[str, Checkpoint]:
        return {one.name: one for one in await self.store.checkpoints(f"{self.projection.id}.")}

    async def _note(self, one: Generation, state: Literal["active", "retired"]) -> None:
        row = _dump(msgspec.structs.replace(one, state=state))
        await self.store.transact(Transaction(writes=[Put(table=GENERATIONS, rows={one.subscription: row})]))

    async def clear(self) -> None:
        """Drop the rows of retired generations, and of rebuilds given up."""
        active = await self.active()
        for one in await self.all():
            if one.state == "retired" or (active is not None and one.generation < active.generation):
                await self.drop(one)

    async def drop(self, one: Generation) -> None:
        """Drop a generation that is not shown: its rows, checkpoints and letters, and what is known about it.

        Whoever builds it is told first; what a crash leaves of it goes with the next `clear`.
        """
        await self._note(one, "retired")
        try:
            await self.store.discard(self.projection.table, one.generation)
        except InvalidInput:
            await self._note(one, "active")  # it was shown at the last moment
            raise
        for name in one.checkpoints:
            await self.store.forget(name)
        await forget_letters(self.store, one.subscription)
        await self.store.transact(Transaction(writes=[Delete(table=GENERATIONS, keys=[one.subscription])]))

"""Instances of processes that ended long ago are deleted on request, once nothing of them is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from leftfold import IGNORE, App, CommandRefused, Ignored, Next
from leftfold.errors import InvalidQuery
from leftfold.processes import ProcessView, forgetting
from leftfold.processes.outgoing import COMMAND
from leftfold.store import MemoryStore, WorkItem
from leftfold.store.port import Store
from leftfold.subscriptions.policy import Retry
from leftfold.testing import ManualClock
from tests.processes.busy import BusyStore
from tests.processes.test_timers import STAYING, Bell, bell, clock, marks, store
from tests.processes.watches import Fire, Mark, Poke, Poked, Wait, Waited, Watched, watching

__all__ = ["bell", "clock", "store"]

_LATER = datetime.now(UTC) + timedelta(days=36_500)


async def keys(views: AsyncIterator[ProcessView]) -> list[str]:
    return [view.key async for view in views]


async def ended(app: App, id: str, *pokes: str) -> None:
    await app.send(Wait(id=id))
    for what in (*pokes, "end"):
        await app.send(Poke(id=id, what=what))
    await app.settle()


async def test_what_ended_before_a_moment_is_forgotten_and_its_key_begins_anew(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_PAGE", 2)
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="runs"))
        for id in "abc":
            await ended(app, id, "mark")
        clock.advance(timedelta(seconds=1))
        await ended(app, "new")
        newest = (await app.processes.show("watch", "new")).changed_at
        would = await keys(app.processes.forget("watch", before=newest, try_only=True))
        assert would == ["a", "b", "c"]
        assert await keys(app.processes.find()) == ["a", "b", "c", "new", "runs"]
        assert await keys(app.processes.forget(before=newest)) == would
        assert await keys(app.processes.find()) == ["new", "runs"]
        await ended(app, "a", "again")
        assert await marks(app, "a") == ["mark", "again"]
        assert (await app.processes.show("watch", "a")).status == "ended"


async def test_an_instance_stays_while_anything_of_it_is_left(store: Store, clock: ManualClock, bell: Bell) -> None:
    """A command that the domain refused, and an event that was given up before the instance began."""
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await ended(app, "refused", "no way")
        await app.send(Poke(id="late", what="early"))
        await app.settle()
        clock.advance(timedelta(hours=1))
        await app.settle()
        await ended(app, "late")
        await ended(app, "clear")
        left = [one async for one in app.processes.parked()]
        assert sorted((one.kind, one.key) for one in left) == [("command", "refused"), ("event", "late")]
        assert await keys(app.processes.forget(before=_LATER)) == ["clear"]
        for one in left:
            await app.processes.drop(one.id, who="ann", why="nobody needs it")
        assert await keys(app.processes.forget(before=_LATER)) == ["late", "refused"]


async def test_an_instance_stays_while_an_event_for_it_is_a_dead_letter(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    """The function raises at an event, and then a refusal ends the instance."""
    context = watching(bell)

    @context.process(key="id", retry=Retry(attempts=1))
    def brief(state: Watched | None, event: Waited | Poked | CommandRefused) -> Next[Watched] | Ignored:
        match state, event:
            case None, Waited(id=id):
                return Next(Watched(id)).send(Mark(id=id, name="no way"))
            case Watched(), Poked(what="again"):
                raise Fire("again")
            case Watched(), CommandRefused():
                return Next(state).end()
            case _:
                return IGNORE

    async with App(context, store=store, clock=clock, workers=False) as app:
        await app.send(Wait(id="w"))
        await app.send(Poke(id="w", what="again"))
    async with App(context, store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert (await app.processes.show("brief", "w")).status == "ended"
        (letter,) = [one async for one in app.dead_letters.all()]
        assert await keys(app.processes.forget(before=_LATER)) == []
        await app.dead_letters.drop(letter)
        assert await keys(app.processes.forget(before=_LATER)) == ["w"]


async def test_none_is_forgotten_while_a_stream_is_parked_whose_events_may_be_of_any(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    def key(event: Waited | Poked) -> str:
        if isinstance(event, Poked) and event.what == "lost":
            raise Fire(event.what)
        return event.id

    async with App(watching(bell, key=key), store=store, clock=clock, workers=STAYING) as app:
        await ended(app, "a")
        await app.send(Wait(id="b"))
        await app.send(Poke(id="b", what="lost"))
        await app.settle()
        (letter,) = [one async for one in app.dead_letters.all()]
        assert await keys(app.processes.forget(before=_LATER)) == []
        await app.dead_letters.drop(letter)
        assert await keys(app.processes.forget(before=_LATER)) == ["a"]


class _Noting(MemoryStore):
    """Notes how often it is asked for commands on their way."""

    asked = 0

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        self.asked += queues == COMMAND
        return await super().find_work(queues=queues, statuses=statuses, after=after, limit=limit)


async def test_commands_on_their_way_are_looked_through_once_for_many_pages_of_instances(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_PAGE", 2)
    store = _Noting()
    async with App(watching(bell), store=store, workers=STAYING) as app:
        for id in "abcde":
            await ended(app, id, *(["no way"] if id == "c" else []))
        assert await keys(app.processes.forget(before=_LATER)) == ["a", "b", "d", "e"]
        assert store.asked == 1
        monkeypatch.setattr(forgetting, "_AT_ONCE", 1)
        await ended(app, "f")
        assert await keys(app.processes.forget(before=_LATER)) == ["f"], "in parts, when there are too many to remember"


async def test_what_somebody_has_changed_meanwhile_stays(bell: Bell) -> None:
    async with App(watching(bell), store=BusyStore(), workers=STAYING) as app:
        await ended(app, "w")
        assert await keys(app.processes.forget(before=_LATER)) == []
        assert await keys(app.processes.find()) == ["w"]


async def test_a_moment_without_a_zone_is_refused(store: Store, bell: Bell) -> None:
    async with App(watching(bell), store=store, workers=False) as app:
        with pytest.raises(InvalidQuery, match="zone"):
            await keys(app.processes.forget(before=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the point

"""Events without an instance: they wait for it, and are handed in when it begins; or they are given up, and kept."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from leftfold import App
from leftfold.errors import UnknownInstance
from leftfold.store.port import Store
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell, bell, clock, engine_alone, marks, seen, store
from tests.processes.watches import Poke, Wait, watching

__all__ = ["bell", "clock", "store"]


async def parked(app: App) -> list[tuple[str, str, str]]:
    return [(one.kind, one.what, one.status) async for one in app.processes.parked()]


async def test_events_wait_for_their_instance_and_are_handed_in_in_log_order(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        for what in ("one", "two", "three"):
            await app.send(Poke(id="w", what=what))
        await app.settle()
        assert await parked(app) == [("event", "Poked", "waiting")] * 3
        assert (await app.processes.show("watch", "w")).status == "missing"
        await app.send(Wait(id="w"))
        await app.settle()
        view = await app.processes.show("watch", "w")
        assert (view.status, view.transitions, await seen(app)) == ("waiting", 4, ("one", "two", "three"))
        assert sorted(await marks(app)) == ["one", "three", "two"]
        assert (await parked(app), view.parked) == ([], ())
        clock.advance(timedelta(days=1))
        await app.settle()
        assert await parked(app) == []


async def test_events_of_one_batch_wait_for_an_instance_that_it_begins(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=False) as app:
        await app.send(Poke(id="w", what="early"))
        await app.send(Wait(id="w"))
        await app.send(Poke(id="w", what="late"))
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert await seen(app) == ("early", "late")
        assert await parked(app) == []


async def test_an_event_whose_instance_never_begins_is_given_up_when_its_time_is_over(
    store: Store, clock: ManualClock, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Poke(id="w", what="lost"))
        await app.settle()
        clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))
        await app.settle()
        assert await parked(app) == [("event", "Poked", "waiting")]
        clock.advance(timedelta(microseconds=1))
        with caplog.at_level(logging.WARNING, "leftfold"):
            await app.settle()
        assert await parked(app) == [("event", "Poked", "dead")]
        assert "no instance 'w' has begun" in caplog.text
        await app.send(Wait(id="w"))
        await app.settle()
        assert await seen(app) == (), "what was given up is not handed in without being asked for"
        (dead,) = [one async for one in app.processes.parked()]
        await app.processes.retry(dead.id, who="ann", why="it belongs there")
        await app.settle()
        assert (await seen(app), await marks(app), await parked(app)) == (("lost",), ["lost"], [])


async def test_an_event_that_could_still_be_handed_in_is_not_given_up(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    """Its time is over while nobody follows, and its instance has begun in the log by then."""
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Poke(id="w", what="early"))
        await app.settle()
    async with App(watching(bell), store=store, clock=clock, workers=False) as app:
        await app.send(Wait(id="w"))
        clock.advance(timedelta(hours=1))
        async with engine_alone(app) as engine:
            await engine.idle()
        assert await parked(app) == [("event", "Poked", "waiting")]
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert (await seen(app), await parked(app)) == (("early",), [])


async def test_a_dead_event_that_is_tried_again_waits_once_more(store: Store, clock: ManualClock, bell: Bell) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Poke(id="w", what="lost"))
        await app.settle()
        clock.advance(timedelta(hours=1))
        await app.settle()
        (dead,) = [one async for one in app.processes.parked()]
        await app.processes.retry(dead.id, who="ann", why="the other event is late")
        assert await parked(app) == [("event", "Poked", "waiting")]
        await app.send(Wait(id="w"))
        await app.settle()
        assert await seen(app) == ("lost",)


async def test_a_dead_event_that_is_dropped_is_gone_and_so_is_what_waited_for_it(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        for what in ("one", "two"):
            await app.send(Poke(id="w", what=what))
        await app.settle()
        clock.advance(timedelta(hours=1))
        await app.settle()
        first, second = [one async for one in app.processes.parked()]
        await app.processes.drop(first.id, who="ann", why="nobody waits")
        view = await app.processes.show("watch", "w")
        assert (view.status, len(view.parked), view.journal[-1].note) == ("missing", 1, "ann: nobody waits")
        await app.processes.drop(second.id, who="ann", why="nobody waits")
        with pytest.raises(UnknownInstance):
            await app.processes.show("watch", "w")


async def test_an_event_that_the_function_raises_at_when_it_is_handed_in_holds_up_nothing(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    bell.broken.add("poked two")
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        for what in ("one", "two", "three"):
            await app.send(Poke(id="w", what=what))
        await app.settle()
        await app.send(Wait(id="w"))
        await app.settle()
        assert await seen(app) == ("one", "three")
        (dead,) = [one async for one in app.processes.parked()]
        assert (dead.status, "Fire: poked two" in dead.error) == ("dead", True)
        bell.broken.clear()
        await app.processes.retry(dead.id, who="ann", why="mended")
        assert await seen(app) == ("one", "three", "two")


async def test_without_patience_events_without_an_instance_leave_no_trace(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell, missing=None), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Poke(id="w", what="early"))
        await app.settle()
        assert await parked(app) == []
        with pytest.raises(UnknownInstance):
            await app.processes.show("watch", "w")
        await app.send(Wait(id="w"))
        await app.settle()
        assert await seen(app) == ()

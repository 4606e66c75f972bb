"""Events without an instance: they wait for it, and are handed in when it begins; or they are given up, and kept."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, cast

import pytest

from leftfold import App, Context
from leftfold.errors import InvalidInput, InvalidQuery, UnknownInstance
from leftfold.processes import processor
from leftfold.store.port import Store
from leftfold.subscriptions.resetting import reset
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell, bell, clock, engine_alone, marks, seen, store
from tests.processes.watches import Poke, Wait, watching

__all__ = ["bell", "clock", "store"]


async def parked(app: App) -> list[tuple[str, str, str]]:
    return [(one.kind, one.what, one.status) async for one in app.processes.parked()]


async def followed_from_the_start(context: Context, store: Store, *commands: Wait) -> None:
    """Have what follows the log begin anew, once *commands* are carried out, which it meets in one batch with them."""
    async with App(context, store=store, workers=False) as app:
        for command in commands:
            await app.send(command)
        [subscription] = app.running().reactions
        await reset(subscription, "start", "ann")


async def give_up(app: App, clock: ManualClock, what: str) -> None:
    """Poke in vain, until the event waits no more."""
    await app.send(Poke(id="w", what=what))
    await app.settle()
    clock.advance(timedelta(hours=1))
    await app.settle()


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
        await give_up(app, clock, "lost")
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


async def test_what_was_given_up_is_no_burden_on_a_key_that_never_begins_and_can_still_be_tried_again(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when its log is followed from the start once more, up to the event that begins the instance."""
    monkeypatch.setattr(processor, "_TRIM", 2)
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        for what in ("one", "two", "three", "four", "five", "six"):
            await app.send(Poke(id="w", what=what))
            if what in {"two", "four"}:
                await app.settle()
                clock.advance(timedelta(hours=1))
                await app.settle()
        await app.settle()
        assert len((await app.processes.show("watch", "w")).parked) <= 3, "those that wait, and few that do not"
        one, two, *_ = dead = [one.id async for one in app.processes.parked(statuses=("dead",))]
        assert len(dead) == 4
        await app.processes.retry(two, who="ann", why="it belongs there")
    await followed_from_the_start(watching(bell), store, Wait(id="w"))
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert await seen(app) == ("two", "five", "six")
        assert [one.id async for one in app.processes.parked()] == [one, *dead[2:]]
        await app.processes.retry(one, who="ann", why="so does it")
        assert await seen(app) == ("two", "five", "six", "one")


async def test_an_event_that_waits_once_more_is_met_by_an_instance_of_which_nothing_is_left(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "_TRIM", 1)
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await give_up(app, clock, "lost")
        await app.send(Poke(id="w", what="unwanted"))
        await app.settle()
        [lost] = [one.id async for one in app.processes.parked(statuses=("dead",))]
        [unwanted] = [one.id async for one in app.processes.parked(statuses=("waiting",))]
        await app.processes.drop(unwanted, who="ann", why="nobody waits")
        with pytest.raises(UnknownInstance):
            await app.processes.show("watch", "w")
        await app.processes.retry(lost, who="ann", why="it belongs there")
        await app.send(Wait(id="w"))
        await app.settle()
        assert (await seen(app), await parked(app)) == (("lost",), [])


async def test_what_was_given_up_stays_so_when_its_log_is_followed_from_the_start_once_more(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "_TRIM", 1)
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await give_up(app, clock, "lost")
        await app.send(Poke(id="w", what="early"))
        await app.settle()
    await followed_from_the_start(watching(bell), store)
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert await parked(app) == [("event", "Poked", "dead"), ("event", "Poked", "waiting")]


async def test_processes_and_what_is_parked_are_named_by_text(store: Store, clock: ManualClock, bell: Bell) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Poke(id="w", what="one"))
        await app.settle()
        [letter] = [one async for one in app.processes.parked()]
        strange: list[Any] = [3, None, b"watch", watching]
        for wrong in strange:
            with pytest.raises(InvalidQuery, match="no processes are called"):
                await app.processes.show(wrong, "w")
            with pytest.raises(InvalidQuery, match="there is no dead letter"):
                await app.dead_letters.find(wrong)
            with pytest.raises(InvalidQuery, match=r"event takes letters, and .* is none"):
                await app.dead_letters.event(wrong)
        with pytest.raises(InvalidQuery, match="3 is no name of a projection, reaction or process; give a text"):
            [one async for one in app.dead_letters.all(cast("str", 3))]
        for decide in (app.processes.retry, app.processes.drop):
            with pytest.raises(InvalidInput, match=r"id=ParkedView.*: give a text that is not empty"):
                await decide(cast("str", letter), who="ann", why="she asked")

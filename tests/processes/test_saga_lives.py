"""Sagas outlive the apps that run them: pauses, deadlines, other code, other workers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from leftfold import Attempt, Context, Outcome, Retry, Saga, step
from leftfold.errors import NotEnded, UnreadableState
from leftfold.processes import SagaView
from leftfold.testing import ManualClock
from tests.processes.grounds import WAIT_S, Ground, World

_HOUR = timedelta(hours=1)


def keeping(*, renamed: bool = False, version: int = 1, deadline: timedelta | None = None) -> Context:
    """A shop with the saga `Keep`, which waits an hour after a try that failed.

    Args:
        renamed: whether its second step has another name.
    """
    shop = Context("shop")
    if renamed:

        class Renamed(Saga, name="Keep", version=version):
            @step(undoable=False)
            async def one(self, world: World, attempt: Attempt) -> None:
                await world.call("one", attempt)

            @step(undoable=False)
            async def other(self, world: World, attempt: Attempt) -> None:
                await world.call("other", attempt)

        shop.saga(Renamed)
        return shop

    class Keep(Saga, version=version, deadline=deadline):
        @step(retry=Retry(attempts=3, first=_HOUR, most=_HOUR))
        async def one(self, world: World, attempt: Attempt) -> None:
            await world.call("one", attempt)

        @one.undo(retry=Retry(attempts=2, first=_HOUR, most=_HOUR))
        async def unone(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
            await world.call("unone", attempt)

        @step(undoable=False, retry=Retry(attempts=3, first=_HOUR, most=_HOUR))
        async def two(self, world: World, attempt: Attempt) -> None:
            await world.call(f"two of version {version}", attempt)

    shop.saga(Keep)
    return shop


def saga_of(context: Context) -> Saga:
    """A new one."""
    return context.sagas[-1]()


@pytest.fixture(params=["memory:", "sqlite:///{}/timed.db"])
def timed(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """A store that goes by the app's clock, as all but PostgreSQL do."""
    return Ground(str(request.param).format(tmp_path))


async def _waits(ground: Ground, shop: Context, world: World, clock: ManualClock) -> SagaView:
    """Begin it, have its first try fail, and close the app."""
    world.answers["one"] = [ConnectionError("cut")]
    async with ground.app(shop, world=world, clock=clock) as app:
        await app.start(saga_of(shop), id="1")
        async with asyncio.timeout(WAIT_S):
            while (view := await app.sagas.show("Keep", "1")).wake_at is None or view.owner is not None:
                await asyncio.sleep(0)
    return view


async def test_a_pause_between_tries_outlives_the_app(timed: Ground) -> None:
    world, clock, shop = World(), ManualClock(), keeping()
    view = await _waits(timed, shop, world, clock)
    assert view.wake_at is not None
    assert timedelta(minutes=30) <= view.wake_at - clock.now() <= _HOUR
    clock.set(view.wake_at - timedelta(microseconds=1))
    async with timed.app(shop, world=world, clock=clock) as app:
        with pytest.raises(NotEnded, match=r"Now step 'one' is tried again at .*\+00:00, after ConnectionError: cut$"):
            await app.sagas.ended("Keep", "1", timeout=0.1)
        assert world.names == ["one"]
        clock.advance(timedelta(microseconds=1))
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("completed", ["one", "one", "two of version 1"])
    assert [(call.key, call.number) for call in world.calls[:2]] == [(world.calls[0].key, 1), (world.calls[0].key, 2)]


async def test_a_pause_lasts_by_the_clock_of_any_store(ground: Ground) -> None:
    shop, world, pause = Context("shop"), World(one=[ConnectionError("cut")]), timedelta(milliseconds=400)

    @shop.saga
    class Pausing(Saga):
        @step(undoable=False, retry=Retry(first=pause))
        async def one(self, world: World, attempt: Attempt) -> None:
            await world.call("one", attempt)

    async with ground.app(shop, world=world) as app:
        await app.start(Pausing(), id="1")
        await world.arrived("one")
        began = monotonic()
    async with ground.app(shop, world=world) as app:
        await world.arrived("one", 2)
        waited_s = monotonic() - began
        view = await app.sagas.ended(Pausing, "1", timeout=WAIT_S)
    assert (view.status, view.steps[0].tries) == ("completed", 2)
    assert waited_s > 0.15


class _Jumping:
    """A clock that is wrong, and jumps."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.mark.postgres
async def test_a_pause_lasts_by_the_clock_of_the_database_though_that_of_the_machine_is_wrong_and_jumps(
    store_url: str,
) -> None:
    shop, world, clock = Context("shop"), World(), _Jumping(_HOUR)

    @shop.saga
    class Pausing(Saga):
        @step(undoable=False, retry=Retry(first=timedelta(milliseconds=200)))
        async def one(self, world: World, attempt: Attempt) -> None:
            await world.call("one", attempt)

    async with Ground(store_url).app(shop, world=world, clock=clock) as app:
        for id, by in (("first", _HOUR), ("later", -_HOUR), ("sooner", 2 * _HOUR)):
            clock.by = by
            world.answers["one"] = [ConnectionError("cut")]
            began = monotonic()
            await app.start(Pausing(), id=id)
            view = await app.sagas.ended(Pausing, id, timeout=WAIT_S)
            assert (view.status, view.steps[0].tries, monotonic() - began > 0.09) == ("completed", 2, True)


async def test_a_step_under_way_is_left_alone_though_the_clock_jumps_beyond_its_lease(timed: Ground) -> None:
    answer, clock, shop = asyncio.Event(), ManualClock(), keeping()
    world = World(one=[answer])
    async with timed.app(shop, world=world, clock=clock) as app:
        await app.start(saga_of(shop), id="1")
        await world.arrived("one")
        clock.advance(_HOUR)
        await app.start(saga_of(shop), id="2")
        await app.sagas.ended("Keep", "2", timeout=WAIT_S)
        answer.set()
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.steps[0].tries, world.cancelled) == ("completed", 1, [])


async def test_a_deadline_undoes_a_saga_that_waits(timed: Ground) -> None:
    world, clock, shop = World(), ManualClock(), keeping(deadline=timedelta(minutes=20))
    await _waits(timed, shop, world, clock)
    clock.advance(timedelta(minutes=20))
    async with timed.app(shop, world=world, clock=clock) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.reason) == ("compensated", "its deadline has passed")
    assert world.names == ["one", "unone"]


async def test_a_deadline_cuts_a_call_short_and_the_call_is_undone_on_every_store(ground: Ground) -> None:
    world, shop = World(one=[asyncio.Event()]), keeping(deadline=timedelta(milliseconds=100))
    async with ground.app(shop, world=world) as app:
        await app.start(saga_of(shop), id="1")
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.reason, world.cancelled) == ("compensated", "its deadline has passed", ["one"])
    assert world.names == ["one", "unone"]


async def test_a_deadline_does_not_cut_a_pivot_short_that_nothing_undoes(ground: Ground) -> None:
    shop, held = Context("shop"), asyncio.Event()
    world = World(pay=[held])

    @shop.saga
    class Pay(Saga, deadline=timedelta(milliseconds=50)):
        @step(pivot=True)
        async def pay(self, world: World, attempt: Attempt) -> None:
            await world.call("pay", attempt)

    async with ground.app(shop, world=world) as app:
        await app.start(Pay(), id="1")
        await world.arrived("pay")
        asyncio.get_running_loop().call_later(0.2, held.set)
        view = await app.sagas.ended(Pay, "1", timeout=WAIT_S)
    assert (view.status, view.overdue, world.names) == ("completed", True, ["pay"])


async def test_a_deadline_that_passed_before_anything_was_begun_undoes_nothing(timed: Ground) -> None:
    world, clock, shop = World(), ManualClock(), keeping(deadline=timedelta(minutes=20))
    async with timed.app(shop, clock=clock, workers=False) as app:
        await app.start(saga_of(shop), id="1")
    clock.advance(timedelta(minutes=20))
    async with timed.app(shop, world=world, clock=clock) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.steps, world.names) == ("compensated", (), [])


async def test_a_saga_begun_where_nobody_works_is_done_where_somebody_does(ground: Ground) -> None:
    world, shop = World(), keeping()
    async with ground.app(shop, workers=False) as app:
        await app.start(saga_of(shop), id="1")
        assert (await app.sagas.show("Keep", "1")).status == "running"
    async with ground.app(shop, world=world) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("completed", ["one", "two of version 1"])


async def test_a_step_that_an_app_was_closed_in_is_in_doubt_and_tried_again_by_the_next(ground: Ground) -> None:
    world, shop = World(one=[asyncio.Event()]), keeping()
    async with ground.app(shop, world=world) as app:
        await app.start(saga_of(shop), id="1")
        await world.arrived("one")
    assert world.cancelled == ["one"]
    began = monotonic()
    async with ground.app(shop, world=world) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.steps[0].tries) == ("completed", 2)
    assert {call.key for call in world.calls if call.what == "one"} == {"saga/shop.Keep/1/one/do"}
    assert monotonic() - began < 1.5, "it was let go of, and does not wait for the end of a lease"


async def test_an_undo_that_an_app_was_closed_in_is_tried_again_by_the_next(ground: Ground) -> None:
    world, shop = World(unone=[asyncio.Event()], **{"two of version 1": [KeyError("x")]}), keeping()
    async with ground.app(shop, world=world) as app:
        await app.start(saga_of(shop), id="1")
        await world.arrived("two of version 1")
        await app.sagas.abort("Keep", "1", who="ann", why="enough")
        await world.arrived("unone")
    async with ground.app(shop, world=world) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, world.names) == ("compensated", ["one", "two of version 1", "unone", "unone"])


async def test_code_with_other_steps_under_the_same_version_leaves_a_saga_stuck_until_its_own_code_is_back(
    ground: Ground,
) -> None:
    world, own, other = World(one=[asyncio.Event()]), keeping(), keeping(renamed=True)
    async with ground.app(own, world=world) as app:
        await app.start(saga_of(own), id="1")
        await world.arrived("one")
    async with ground.app(other, world=world) as app:
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
        (finding,) = await app.sagas.check()
        with pytest.raises(UnreadableState, match="give the changed saga another version="):
            await app.sagas.retry("Keep", "1", who="ann", why="hope")
    assert (view.status, view.version) == ("stuck", 1)
    assert (finding.saga, finding.id, finding.count) == ("shop.Keep", "1", 1)
    assert "it runs by the steps one, two, and this code has one, other under the same version" in finding.reason
    assert world.names == ["one"]
    async with ground.app(own, world=world) as app:
        assert await app.sagas.check() == []
        await app.sagas.retry("Keep", "1", who="ann", why="the old code is back")
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, [one.verb for one in view.interventions]) == ("completed", ["retry"])


async def test_two_versions_run_side_by_side_each_by_its_own_steps(ground: Ground) -> None:
    world, old, new = World(one=[asyncio.Event()]), keeping(), keeping(version=2)
    async with ground.app(old, world=world) as app:
        await app.start(saga_of(old), id="1")
        await world.arrived("one")
    async with ground.app(new, world=world) as app:
        (finding,) = await app.sagas.check()
        await app.start(saga_of(new), id="2")
        assert (await app.sagas.ended("Keep", "2", timeout=WAIT_S)).version == 2
        assert (await app.sagas.show("Keep", "1")).status == "running"
    assert (finding.version, finding.id, finding.count) == (1, None, 1)
    assert "no saga of this version is registered here (version 2 is)" in finding.reason
    new.saga(old.sagas[0])
    async with ground.app(new, world=world) as app:
        assert await app.sagas.check() == []
        view = await app.sagas.ended("Keep", "1", timeout=WAIT_S)
    assert (view.status, view.version) == ("completed", 1)
    assert world.names == ["one", "one", "two of version 2", "one", "two of version 1"]


async def test_two_apps_share_many_sagas_and_each_step_is_called_once(ground: Ground) -> None:
    world, shop, ids = World(), keeping(), [f"{number}" for number in range(60)]
    async with ground.app(shop, world=world) as first, ground.app(shop, world=world) as second:
        for number, id in enumerate(ids):
            await (first if number % 3 else second).start(saga_of(shop), id=id)
        views = [await second.sagas.ended("Keep", id, timeout=WAIT_S) for id in ids]
    assert {view.status for view in views} == {"completed"}
    assert sorted(call.key for call in world.calls) == sorted(
        f"saga/shop.Keep/{id}/{name}/do" for id in ids for name in ("one", "two")
    )

"""Instances that ended long ago are deleted on request, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from leftfold import App, Attempt, Context, Outcome, Retry, Saga, Steps, step
from leftfold.errors import InvalidQuery
from leftfold.processes import SagaView, forgetting
from leftfold.store import Begin, Transaction
from tests.processes.busy import BusyStore
from tests.processes.grounds import WAIT_S, Ground, World

_LATER = datetime.now(UTC) + timedelta(days=1)
_ONCE = Retry(attempts=1)


class Leaf(Saga):
    @step(retry=_ONCE)
    async def grow(self, world: World, attempt: Attempt) -> str:
        return await world.call("grow", attempt)

    @grow.undo(retry=_ONCE)
    async def wither(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        await world.call("wither", attempt)


class Branch(Saga):
    async def run(self, steps: Steps) -> None:
        await steps.child("leaf", Leaf())


class Tree(Saga):
    async def run(self, steps: Steps, world: World) -> None:
        await steps.child("branch", Branch())
        await steps.child("trunk", Trunk())


class Trunk(Saga):
    @step(retry=_ONCE, undoable=False)
    async def stand(self, world: World, attempt: Attempt) -> None:
        await world.call("stand", attempt)


def _wood() -> Context:
    wood = Context("wood")
    for saga in (Leaf, Branch, Tree, Trunk):
        wood.saga(saga)
    return wood


async def _ids(views: AsyncIterator[SagaView]) -> list[str]:
    return [view.id async for view in views]


async def _ended(app: App, id: str) -> SagaView:
    await app.start(Leaf(), id=id)
    return await app.sagas.ended(Leaf, id, timeout=WAIT_S)


async def test_what_ended_before_a_moment_is_forgotten_and_its_id_begins_anew(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_PAGE", 2)
    world = World(grow=["grown", "grown", ValueError("too cold")])
    async with ground.app(_wood(), world=world) as app:
        statuses = [(await _ended(app, id)).status for id in ("1", "2", "3")]
        assert statuses == ["completed", "completed", "compensated"]
        await _ended(app, "4")
        newest = (await app.sagas.show(Leaf, "4")).changed_at  # as the store has it
        would = await _ids(app.sagas.forget(Leaf, before=newest, try_only=True))
        assert would == ["1", "2", "3"]
        assert await _ids(app.sagas.find(Leaf)) == ["1", "2", "3", "4"]
        assert await _ids(app.sagas.forget(before=newest)) == would
        assert await _ids(app.sagas.find()) == ["4"]
        assert not (await app.start(Leaf(), id="1")).repeated
        assert (await app.sagas.ended(Leaf, "1", timeout=WAIT_S)).status == "completed"


async def test_what_runs_and_what_is_stuck_stays(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(grow=[ValueError("too cold"), held], wither=[OSError("frozen")])
    async with ground.app(_wood(), world=world) as app:
        assert (await _ended(app, "stuck")).status == "stuck"
        await app.start(Leaf(), id="runs")
        await world.arrived("grow", 2)
        assert await _ids(app.sagas.forget(before=_LATER)) == []
        held.set()
        await app.sagas.ended(Leaf, "runs", timeout=WAIT_S)
        assert await _ids(app.sagas.forget(before=_LATER)) == ["runs"]
        assert await _ids(app.sagas.find()) == ["stuck"]


async def test_a_child_stays_while_something_above_it_may_have_to_be_undone(ground: Ground) -> None:
    held = asyncio.Event()
    world = World(stand=[held])
    async with ground.app(_wood(), world=world) as app:
        await app.start(Tree(), id="1")
        await world.arrived("stand")
        assert [view.status async for view in app.sagas.find(Branch)] == ["completed"]
        assert [view.status async for view in app.sagas.find(Leaf)] == ["completed"]
        assert await _ids(app.sagas.forget(before=_LATER)) == []
        held.set()
        await app.sagas.ended(Tree, "1", timeout=WAIT_S)
        assert len(await _ids(app.sagas.forget(before=_LATER, try_only=True))) == 4
        assert len(await _ids(app.sagas.forget(Leaf, before=_LATER))) == 1
        assert len(await _ids(app.sagas.forget(before=_LATER))) == 3
        assert await _ids(app.sagas.find()) == []


async def test_a_child_of_a_forgotten_saga_is_not_that_of_the_next_one_of_its_id(ground: Ground) -> None:
    world = World(grow=["old", "new"])
    async with ground.app(_wood(), world=world) as app:
        await app.start(Branch(), id="1")
        assert (await app.sagas.ended(Branch, "1", timeout=WAIT_S)).status == "completed"
        assert await _ids(app.sagas.forget(Branch, before=_LATER)) == ["1"]
        assert not (await app.start(Branch(), id="1")).repeated
        view = await app.sagas.ended(Branch, "1", timeout=WAIT_S)
        assert (view.status, world.names) == ("compensated", ["grow"])
        assert "'1/leaf' is no child of this saga" in str(view.reason)
        assert "or forget the child of that one, too" in str(view.reason)
        assert (await app.sagas.show(Leaf, "1/leaf")).status == "completed"
        assert sorted(await _ids(app.sagas.forget(before=_LATER))) == ["1", "1/leaf"]
        await app.start(Branch(), id="1")
        assert (await app.sagas.ended(Branch, "1", timeout=WAIT_S)).status == "completed"
    assert world.names == ["grow", "grow"]


async def test_a_journal_that_is_damaged_stays(ground: Ground) -> None:
    async with ground.app(_wood(), workers=False) as app:
        above_each_other = b'{"fields":{},"outline":[],"parent":"saga/wood.Leaf/%d"}'
        states = (b'{"parent":5}', b"{}", b'{"fields":{},"outline":[]}', above_each_other % 5, above_each_other % 4)
        for id, state in enumerate(states, 1):
            begin = Begin(
                id=f"saga/wood.Leaf/{id}", queue="saga/wood.Leaf/1", status="completed", state=state, wake=None
            )
            await app.running("wood").store.transact(Transaction(writes=[begin]))
        assert await _ids(app.sagas.forget(before=_LATER)) == ["3", "4", "5"]


async def test_what_somebody_has_changed_meanwhile_stays() -> None:
    store = BusyStore()
    async with App(_wood(), store=store, provide={World: World()}) as app:
        await _ended(app, "1")
        assert await _ids(app.sagas.forget(before=_LATER)) == []
        assert await _ids(app.sagas.find()) == ["1"]


async def test_a_moment_without_a_zone_is_refused(ground: Ground) -> None:
    async with ground.app(_wood(), workers=False) as app:
        with pytest.raises(InvalidQuery, match="zone"):
            await _ids(app.sagas.forget(before=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the point

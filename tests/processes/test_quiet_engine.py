"""An engine asks its store little: next to nothing while it is idle, and nothing for who waits for what it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from time import sleep
from typing import Any

import pytest

from leftfold import App, Attempt, Context, Saga, step
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.processes import instances
from leftfold.processes.engine import Engine, Moment
from leftfold.store.memory import MemoryStore
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Begin, WorkItem
from leftfold.subscriptions.worker import Timing
from leftfold.testing import ManualClock
from tests.processes.grounds import WAIT_S, Ground

_IDLE_S = 4.0


class _Slow(MemoryStore):
    """Takes its time to extend leases."""

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        await asyncio.sleep(0.05)
        return await super().extend(held, owner, lease_s)


class _Long:
    """Carries on what never ends."""

    queues = ("q",)

    def __init__(self) -> None:
        self.begun = list[str]()

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        self.begun.append(item.id)
        await asyncio.Event().wait()


class Count(Saga):
    @step(undoable=False)
    async def one(self, attempt: Attempt) -> None:
        """Nothing."""

    @step(undoable=False)
    async def two(self, attempt: Attempt) -> None:
        """Nothing."""


def counting() -> Context:
    context = Context("counting")
    context.saga(Count)
    return context


def counted(monkeypatch: pytest.MonkeyPatch, owner: type[object], name: str) -> Callable[[], int]:
    calls = 0
    method: Callable[..., Any] = getattr(owner, name)

    def counting(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        return method(*args, **kwargs)

    monkeypatch.setattr(owner, name, counting)
    return lambda: calls


@pytest.mark.parametrize(
    ("each_url", "asks"),
    [
        ("sqlite", (OpenFile, "_read")),
        pytest.param("postgres", (Readers, "fetch"), marks=pytest.mark.postgres),
    ],
    indirect=["each_url"],
)
async def test_an_idle_engine_asks_its_store_at_most_twice_a_second(
    each_url: str, asks: tuple[type[object], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with App(counting(), store=each_url) as app:
        await app.start(Count(), id="1")
        await app.sagas.ended(Count, "1", timeout=WAIT_S)
        await app.settle()
        asked = counted(monkeypatch, *asks)
        await asyncio.sleep(_IDLE_S)  # time in which nothing happens is what is looked at
        assert 2 <= asked() <= 2 * _IDLE_S


async def test_who_waits_for_a_saga_that_is_carried_on_here_reads_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine it takes so long that somebody else may have ended it, and whoever waits looks.
    monkeypatch.setattr(instances, "_LOOK_S", WAIT_S)
    async with ground.app(counting()) as app:
        reads: list[Collection[str]] = []
        work = app.store.work

        async def noted(ids: Collection[str]) -> Mapping[str, WorkItem]:
            reads.append(ids)
            return await work(ids)

        monkeypatch.setattr(app.store, "work", noted)

        async def carried_out(id: str) -> str:
            await app.start(Count(), id=id)
            return (await app.sagas.ended(Count, id, timeout=WAIT_S)).status

        ended = await asyncio.gather(*(carried_out(f"{n}") for n in range(32)))
        assert (set(ended), len(ended)) == ({"completed"}, 32)
        assert len(reads) <= 1  # that of the engine, which asks what time it is there
        shown = await app.sagas.show(Count, "1")
        assert [one.status for one in shown.steps] == ["done", "done"]


async def test_an_engine_that_stood_still_beyond_its_leases_claims_nothing_that_is_under_way_here() -> None:
    clock, carrier = ManualClock(), _Long()
    store = _Slow(clock=clock)
    await store.transact(Transaction(writes=[Begin(id="a", queue="q", status="on", state=b"{}", wake=AT_ONCE)]))
    engine = Engine(store, [carrier], "A", Timing(lease_s=0.6, poll_s=0.29, grace_s=0.0), clock)
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0.05)
    clock.advance(timedelta(hours=1))
    sleep(0.3)  # noqa: ASYNC251 - everything stands still, and its next sign of life and its next look are both late
    await asyncio.sleep(0.2)
    engine.stop()
    await running
    assert carrier.begun == ["a"]


async def test_what_somebody_else_carries_on_is_looked_at(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ground.app(counting()) as there, ground.app(counting(), workers=False) as here:
        begun = counted(monkeypatch, Engine, "take")
        await here.start(Count(), id="1")
        assert (await here.sagas.ended(Count, "1", timeout=WAIT_S)).status == "completed"
        assert begun() == 0
        assert await there.sagas.show(Count, "1") == await here.sagas.show(Count, "1")

"""A worker that is told to stop ends in time, whatever its store does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import pytest

from leftfold.errors import StoreUnavailable
from leftfold.processes.engine import Engine
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.memory import MemoryStore
from leftfold.store.work import WorkItem
from leftfold.subscriptions import Assignment, Timing, Worker

TIMING = Timing(lease_s=60.0, poll_s=0.01, grace_s=0.1)
_SOON_S = 2.0
_LONG_S = 20.0


class Gone(MemoryStore):
    """A store that does not answer once it is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False
        self.asked = asyncio.Event()

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        await self._answer()
        return await super().checkpoints(prefix)

    async def forget(self, name: str) -> None:
        await self._answer()
        await super().forget(name)

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        await self._answer()
        return await super().claim_due(queues, owner, lease_s, limit)

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        await asyncio.sleep(0.01)

    async def _answer(self) -> None:
        if self.gone:
            self.asked.set()
            await asyncio.sleep(_LONG_S)


class Failing(MemoryStore):
    """A store that fails when it is looked into."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.asked = asyncio.Event()

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        self.asked.set()
        raise self.error

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        self.asked.set()
        raise self.error


class Nothing:
    async def assignments(self) -> Sequence[Assignment]:
        return ()


@pytest.mark.parametrize("kind", ["worker", "engine"])
async def test_one_that_waits_for_a_store_which_is_gone_ends_within_its_grace_and_a_second(kind: str) -> None:
    store = Gone()
    one = Worker(store, [Nothing()], "me", TIMING) if kind == "worker" else Engine(store, [], "me", TIMING)
    running = asyncio.create_task(one.run())
    await asyncio.sleep(0.05)
    store.gone = True
    await asyncio.wait_for(store.asked.wait(), _LONG_S)
    one.stop()
    async with asyncio.timeout(_SOON_S):
        await running


async def test_a_turn_that_ends_within_the_grace_is_not_cut_off() -> None:
    store = Gone()
    worker = Worker(store, [Nothing()], "me", TIMING)
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0.05)
    worker.stop()
    await asyncio.wait_for(running, _SOON_S)
    assert [one.name for one in await store.checkpoints()] == [], "it has told the others"


@pytest.mark.parametrize("kind", ["worker", "engine"])
async def test_one_that_is_kept_from_its_store_is_stopped_before_it_looks_again(kind: str) -> None:
    store = Failing(StoreUnavailable("no answer"))
    timing = Timing(lease_s=60.0, poll_s=_LONG_S)
    one = Worker(store, [Nothing()], "me", timing) if kind == "worker" else Engine(store, [], "me", timing)
    running = asyncio.create_task(one.run())
    await asyncio.wait_for(store.asked.wait(), _SOON_S)
    one.stop()
    await asyncio.wait_for(running, _SOON_S)


@pytest.mark.parametrize("kind", ["worker", "engine"])
async def test_one_that_failed_says_so_and_is_stopped_all_the_same(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Failing(ValueError("of a bug"))
    one = Worker(store, [Nothing()], "me", TIMING) if kind == "worker" else Engine(store, [], "me", TIMING)
    with pytest.raises(ValueError, match="of a bug"):
        await asyncio.wait_for(one.run(), _SOON_S)
    one.stop()
    assert "any more, for it failed" in caplog.text

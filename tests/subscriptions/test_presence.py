"""The sign of life of a worker: there before it works, gone with it, and cleared away when it died."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from leftfold.store import MemoryStore
from leftfold.subscriptions.presence import PRESENCE, Presence, Staying
from leftfold.testing import ManualClock

LEASE_S = 15.0


async def held(store: MemoryStore) -> list[str]:
    return [one.name for one in await store.checkpoints() if one.held]


async def test_a_worker_that_follows_no_log_is_there_when_it_has_begun_and_gone_at_its_end() -> None:
    store = MemoryStore()
    staying = Staying(store, "me", LEASE_S)
    await staying.begin()
    assert await held(store) == [f"{PRESENCE}me"]
    await staying.end()
    assert await store.checkpoints() == []
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left that would say it again"


class Heard(MemoryStore):
    """Counts how often somebody says again that he is there."""

    def __init__(self) -> None:
        super().__init__()
        self.said = asyncio.Semaphore(0)

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        self.said.release()
        return await super().renew(name, token, lease_s)


async def test_a_worker_that_follows_no_log_says_within_each_lease_that_it_is_there() -> None:
    store = Heard()
    staying = Staying(store, "me", 0.03)
    await staying.begin()
    async with asyncio.timeout(5.0):
        for _ in range(3):
            await store.said.acquire()
    await staying.end()


async def test_who_says_it_again_stays_and_the_dead_of_its_own_group_are_forgotten() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    me, dead = Presence(store, "me", LEASE_S), Presence(store, "dead", LEASE_S)
    other = Presence(store, "other", LEASE_S, group="rebuilds/totals")
    for one in (me, dead, other):
        await one.say()
    clock.advance(timedelta(seconds=LEASE_S * 2 / 3))
    await me.say()
    clock.advance(timedelta(seconds=LEASE_S * 2 / 3))
    assert await held(store) == [f"{PRESENCE}me"]
    await me.forget_dead(await store.checkpoints())
    assert [one.name for one in await store.checkpoints()] == ["leftfold/rebuilds/totals/other", f"{PRESENCE}me"]
    await dead.say()
    assert await held(store) == [f"{PRESENCE}dead", f"{PRESENCE}me"], "who was forgotten comes back"

"""A follower that is far behind gets on, however many timers are due meanwhile, and they fire in the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from leftfold import App
from leftfold.processes.firing import TimerCarrier
from leftfold.processes.running import RunningProcess
from leftfold.store import Appended, MemoryStore
from leftfold.store.transaction import Transaction
from leftfold.store.work import Revise, WorkItem
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell
from tests.processes.watches import Poke, Wait, watching


async def _begun(store: MemoryStore, clock: ManualClock, *ids: str) -> None:
    async with App(watching(Bell()), store=store, clock=clock, workers=STAYING) as app:
        for id in ids:
            await app.send(Wait(id=id, timers={"tea": 30}))
        await app.settle()


async def test_a_batch_whose_instances_others_change_again_and_again_is_done_in_smaller_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock()
    store, ids = MemoryStore(clock=clock), [f"w{number}" for number in range(6)]
    await _begun(store, clock, *ids)
    write, sizes = store.transact, list[int]()

    async def transact(transaction: Transaction) -> Appended | None:
        changed = [write for write in transaction.writes if isinstance(write, Revise)]
        sizes.append(len(changed))
        if len(changed) > 1:  # somebody else is always faster
            (item,) = (await store.work([changed[0].id])).values()
            again = Revise(id=item.id, token=item.token, status=item.status, state=item.state, wake=item.wake_at)
            await write(Transaction(writes=[again]))
        return await write(transaction)

    async with App(watching(Bell()), store=store, clock=clock, workers=False) as app:
        for id in ids:
            await app.send(Poke(id=id, what="look"))
    monkeypatch.setattr(store, "transact", transact)
    async with App(watching(Bell()), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert [(await app.processes.show("watch", id)).transitions for id in ids] == [2] * len(ids)
    assert max(sizes) == len(ids)


class _Behind:
    """A follower that hands in, before each look, as much as was recorded by the look before it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.head, self.done = 10, 0
        self.parked = False
        monkeypatch.setattr(RunningProcess, "heads", self._heads)
        monkeypatch.setattr(RunningProcess, "caught_up", self._caught_up)

    async def _heads(self) -> Sequence[int]:
        return [self.head]

    async def _caught_up(self, heads: Sequence[int], _timeout_s: float) -> bool:
        found = self.done >= heads[0]
        self.done, self.head = self.head, self.head + 10
        return found


async def test_a_timer_fires_once_what_was_recorded_before_it_is_handed_in_although_the_log_grows_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    await _begun(store, clock, "w")
    clock.advance(timedelta(minutes=1))
    async with App(watching(Bell()), store=store, clock=clock, workers=False) as app:
        _Behind(monkeypatch)
        timers = _timers(app)
        for _ in range(2):
            clock.advance(timedelta(minutes=2))
            await timers.carry(await _claimed(store, timers), clock.now)
        assert (await app.processes.show("watch", "w")).transitions == 2


async def test_a_timer_that_waits_for_a_follower_is_looked_at_ever_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock()
    store, seconds = MemoryStore(clock=clock), iter([0.0, 1.0, 5.0, 900.0])
    await _begun(store, clock, "w")
    clock.advance(timedelta(minutes=1))
    async with App(watching(Bell()), store=store, clock=clock, workers=False) as app:
        monkeypatch.setattr("leftfold.processes.firing.seconds", lambda: next(seconds))
        monkeypatch.setattr(RunningProcess, "caught_up", _never)
        timers, pauses = _timers(app), list[float]()
        for _ in range(3):
            clock.advance(timedelta(minutes=2))
            await timers.carry(await _claimed(store, timers), clock.now)
            ((_, item),) = (await store.work(["process/watching.watch/w"])).items()
            assert item.wake_at is not None
            pauses.append((item.wake_at - clock.now()).total_seconds())
    assert pauses == [2.0, 5.0, 60.0]


async def _never(_running: RunningProcess, _heads: Sequence[int], _timeout_s: float) -> bool:
    return False


def _timers(app: App) -> TimerCarrier:
    coordination = app.running().coordination
    assert coordination is not None
    (found,) = [one for one in coordination.carriers if isinstance(one, TimerCarrier)]
    return found


async def _claimed(store: MemoryStore, timers: TimerCarrier) -> WorkItem:
    (item,) = await store.claim_due(timers.queues, "me", 60.0)
    return item

"""Workers of one store share its parts: evenly, without a part nobody follows, and nobody follows what he has lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from leftfold import RecordedEvent
from leftfold.clock import SystemClock
from leftfold.ids import new_id
from leftfold.store import Checkpoint, Claim, Expected, MemoryStore, NewEvent, ToStream
from leftfold.subscriptions import Assignment, Outcome, Part, Source, Subscription, Timing, Worker
from leftfold.subscriptions.presence import PRESENCE
from leftfold.testing import ManualClock
from tests.subscriptions.telling import Telling, Told

POLL_S: Final = 0.01
TIMING: Final = Timing(lease_s=30.0, poll_s=POLL_S)
_WAIT_S: Final = 5.0


class Never:
    """A consumer that is in the midst of its first event for as long as nobody cuts it off."""

    events: frozenset[type] = frozenset({Told})

    def __init__(self) -> None:
        self.begun, self.cut_off = asyncio.Event(), asyncio.Event()

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cut_off.set()
        raise AssertionError("nobody lets it go on")

    def forget(self) -> None:
        pass


class Following:
    """Wants parts followed, of which the log has nothing unless it is told."""

    def __init__(self, store: MemoryStore, shards: int) -> None:
        source = Source(store, Telling())
        self.parts: Sequence[Part] = Subscription(
            name="told", source=source, target=store, clock=SystemClock(), shards=shards
        ).parts
        self.consumer = Never()

    async def assignments(self) -> Sequence[Assignment]:
        return [Assignment(part, lambda: self.consumer) for part in self.parts]


class Looked(MemoryStore):
    """Notes when a worker looked for parts, and when it claimed the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[float] = []
        self.claimed = 0.0

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        self.looks.append(asyncio.get_running_loop().time())
        return await super().checkpoints(prefix)

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        self.claimed = asyncio.get_running_loop().time()
        return await super().claim(name, owner, lease_s)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(_WAIT_S):
        while not true():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def working(
    store: MemoryStore, following: Following, owner: str, timing: Timing = TIMING
) -> AsyncGenerator[Worker]:
    worker = Worker(store, [following], owner, timing)
    await worker.prepare()
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await running


class _Kept(MemoryStore):
    """Claims take a while. It notes how many leases are kept up at the same time, and before the last claim."""

    claim_s = 0.0
    most = sooner = 0
    _keeping = _kept = 0

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        self.sooner = self._kept
        await asyncio.sleep(self.claim_s)
        return await super().claim(name, owner, lease_s)

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        self._keeping += 1
        self._kept += name.startswith("told")
        self.most = max(self.most, self._keeping)
        await asyncio.sleep(0)
        self._keeping -= 1
        return await super().renew(name, token, lease_s)


async def test_leases_of_many_parts_are_kept_up_together_but_not_all_at_once() -> None:
    store = _Kept()
    async with working(store, Following(store, 40), "me") as worker:
        await until(lambda: len(worker.follows) == 40 and store.most > 1)
        assert store.most <= 16


async def test_leases_are_kept_up_while_others_are_claimed() -> None:
    store = _Kept()
    store.claim_s = 0.02
    timing = Timing(lease_s=2 * store.claim_s, poll_s=store.claim_s)
    async with working(store, Following(store, 5), "me", timing) as worker:
        await until(lambda: len(worker.follows) == 5)
    assert store.sooner > 0


async def test_a_part_that_is_wanted_no_more_is_let_go() -> None:
    store = MemoryStore()
    following = Following(store, 2)
    first, second = (part.checkpoint for part in following.parts)
    async with working(store, following, "me") as worker:
        await until(lambda: worker.follows == [first, second])
        following.parts = following.parts[1:]
        await until(lambda: worker.follows == [second])
        assert [one.held for one in await store.checkpoints(first)] == [False]


async def test_a_worker_lets_go_of_what_is_beyond_its_share_when_another_comes() -> None:
    store = MemoryStore()
    following = Following(store, 4)
    async with working(store, following, "first") as first:
        await until(lambda: len(first.follows) == 4)
        async with working(store, following, "second") as second:
            await until(lambda: (len(first.follows), len(second.follows)) == (2, 2))
            assert not set(first.follows) & set(second.follows)


async def test_a_part_that_nobody_takes_is_taken_beyond_the_share_in_time_and_kept() -> None:
    store = Looked()
    following = Following(store, 2)
    await store.claim(f"{PRESENCE}idle", "idle", 60.0)  # another that lives, and follows nothing
    async with working(store, following, "me") as worker:
        await until(lambda: len(worker.follows) == 2)
        assert store.claimed - store.looks[0] >= 3 * POLL_S
        seen = len(store.looks)
        await until(lambda: len(store.looks) >= seen + 5)
        assert len(worker.follows) == 2, "it does not let go of it at its next look"


async def test_who_has_lost_a_part_is_cut_off_in_the_midst_of_an_event() -> None:
    clock = ManualClock()
    store = MemoryStore(clock=clock)
    following = Following(store, 1)
    await store.append(ToStream("a-1", Expected.ANY, [NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}")]))
    (part,) = following.parts
    async with working(store, following, "me") as worker, asyncio.timeout(_WAIT_S):
        await following.consumer.begun.wait()
        clock.advance(timedelta(seconds=TIMING.lease_s + 1))
        claim = await store.claim(part.checkpoint, "other", 60.0)
        assert claim is not None
        await following.consumer.cut_off.wait()
        await until(lambda: not worker.follows)
        (found,) = await store.checkpoints(part.checkpoint)
        assert (found.owner, found.held) == ("other", True)


async def test_who_lets_go_of_much_that_takes_long_keeps_the_leases_of_all_else() -> None:
    store, timing = MemoryStore(), Timing(lease_s=0.3, poll_s=0.05, grace_s=0.25)
    following = Following(store, 8)
    for number in range(100):  # every part is in the midst of an event
        event = NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}")
        await store.append(ToStream(f"a-{number}", Expected.ANY, [event]))
    first, second = (Worker(store, [following], owner, timing) for owner in ("first", "second"))
    await first.prepare()
    running = asyncio.create_task(first.run())
    await until(lambda: len(first.follows) == 8)
    kept = sorted(first.follows)[:4]
    tokens = {one.name: one.token for one in await store.checkpoints("told/")}
    other = asyncio.create_task(second.run())
    await until(lambda: len(second.follows) == 4)
    assert sorted(first.follows) == kept
    assert {one.name: one.token for one in await store.checkpoints("told/") if one.name in kept} == {
        name: tokens[name] for name in kept
    }, "nobody has taken one meanwhile"
    for worker in (first, second):
        worker.stop()
    await asyncio.gather(running, other)


async def test_who_ends_keeps_the_leases_of_what_it_finishes_however_long_its_grace_is() -> None:
    store, timing = MemoryStore(), Timing(lease_s=0.3, poll_s=0.05, grace_s=0.5)
    following = Following(store, 1)
    await store.append(ToStream("a-1", Expected.ANY, [NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}")]))
    worker = Worker(store, [following], "me", timing)
    await worker.prepare()
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(_WAIT_S):
        await following.consumer.begun.wait()
        worker.stop()
        await asyncio.sleep(0.4)
        assert [one.held for one in await store.checkpoints("told/")] == [True], "another would do it once more"
        await running
        assert [one.held for one in await store.checkpoints("told/")] == [False], "another need not wait for it"

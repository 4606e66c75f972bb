"""Laws of waiting for work: whoever waits wakes when some may be due, not before, and gives up in time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from statistics import median

import pytest

from leftfold.errors import StoreClosed
from leftfold.store.events import Expected, ToStream
from leftfold.store.work import AT_ONCE, Hold
from leftfold.testing.conformance.ledger import counted, write
from leftfold.testing.conformance.stores import FullStore, Later, Laws, Opener, events, opened
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, begin, begun, ids_of, revise

__all__ = ["WorkWakeLaws"]

_LONG_S = 20.0
_SOON_S = 5.0
_AT_ONCE_S = 0.05
_SHORT_S = 0.3


def _waiting(store: FullStore, *queues: str, timeout: float = _LONG_S) -> asyncio.Task[None]:
    return asyncio.ensure_future(store.await_work(queues or [QUEUE], timeout))


async def _stay_waiting(*waiting: asyncio.Task[None]) -> None:
    """Fail if one of them wakes within a short time."""
    woken, _ = await asyncio.wait(waiting, timeout=_SHORT_S, return_when=asyncio.FIRST_COMPLETED)
    assert not woken


class WorkWakeLaws(Laws):
    """What waiting for work promises."""

    async def test_work_that_is_due_already_keeps_nobody_waiting(self, store: FullStore) -> None:
        await begun(store, "a", queue="q")
        async with asyncio.timeout(_SOON_S):
            await store.await_work(["other", "q"], _LONG_S)
        assert ids_of(await store.claim_due(["q"], "me", LEASE_S)) == ["a"]

    async def test_what_this_store_writes_wakes_at_once(self, store: FullStore) -> None:
        item = await begun(store, "a", None)
        loop = asyncio.get_running_loop()
        waited: list[float] = []
        for n in range(6):
            waiting = _waiting(store)
            await _stay_waiting(waiting)
            if n % 3 == 0:
                await write(store, begin(f"b{n}"))
            elif n % 3 == 1:
                await write(store, revise(item))
            else:
                await store.transact(counted("s-1", writes=[begin(f"b{n}")]))
            written = loop.time()
            async with asyncio.timeout(_SOON_S):
                await waiting
            waited.append(loop.time() - written)
            [claimed] = await store.claim_due([QUEUE], "me", LEASE_S)
            await write(store, revise(claimed, None))
            [item] = (await store.work(["a"])).values()
        assert median(waited) < _AT_ONCE_S, waited

    async def test_what_another_store_writes_wakes_soon(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            for n in range(2):
                waiting = _waiting(store)
                await _stay_waiting(waiting)
                await write(other, begin(f"a{n}"))
                async with asyncio.timeout(_SOON_S):
                    await waiting
                assert ids_of(await store.claim_due([QUEUE], "me", LEASE_S)) == [f"a{n}"]

    @pytest.mark.parametrize("held", [True, False])
    async def test_what_becomes_due_wakes_soon_and_not_before(self, store: FullStore, later: Later, held: bool) -> None:
        first = await begun(store, "first", None)
        wake = Hold("you", LEASE_S) if held else first.created_at + timedelta(seconds=LEASE_S)
        await begun(store, "a", wake)
        waiting = _waiting(store)
        await _stay_waiting(waiting)
        await later(LEASE_S / 2)
        await _stay_waiting(waiting)
        await later(LEASE_S / 2 + 1)
        async with asyncio.timeout(_SOON_S):
            await waiting
        assert ids_of(await store.claim_due([QUEUE], "me", LEASE_S)) == ["a"]

    async def test_what_is_not_due_or_somewhere_else_wakes_nobody(self, store: FullStore) -> None:
        await begun(store, "never", None)
        await begun(store, "held", Hold("you", LEASE_S))
        await begun(store, "elsewhere", queue="elsewhere")
        waiting = _waiting(store, QUEUE, "q", timeout=1.5)
        await _stay_waiting(waiting)
        await begun(store, "later", datetime.max.replace(tzinfo=AT_ONCE.tzinfo))
        await begun(store, "near", queue=QUEUE + "0")
        await store.append(ToStream("s-1", Expected.ANY, events(1)))
        await _stay_waiting(waiting)
        async with asyncio.timeout(_SOON_S):
            await waiting

    async def test_every_waiter_wakes(self, store: FullStore) -> None:
        await begun(store, "never", None)
        waiting = [_waiting(store, QUEUE, f"q{n}") for n in range(10)]
        await _stay_waiting(*waiting)
        await write(store, begin("a"))
        async with asyncio.timeout(_SOON_S):
            await asyncio.gather(*waiting)

    async def test_waiting_for_work_ends_after_its_timeout(self, store: FullStore) -> None:
        await begun(store, "never", None)
        loop = asyncio.get_running_loop()
        for queues in ([QUEUE], [], ["absent"]):
            started = loop.time()
            await store.await_work(queues, 0.1)
            assert 0.05 < loop.time() - started < _SOON_S
        for timeout in (0.0, -1.0):
            async with asyncio.timeout(_SOON_S):
                await store.await_work([QUEUE], timeout)

    async def test_whoever_waits_when_the_store_is_closed_is_told(self, store: FullStore) -> None:
        await begun(store, "never", None)
        waiting = _waiting(store)
        await _stay_waiting(waiting)
        await store.close()
        async with asyncio.timeout(_SOON_S):
            with pytest.raises(StoreClosed):
                await waiting

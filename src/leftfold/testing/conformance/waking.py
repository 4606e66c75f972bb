"""Laws of waiting: a waiter wakes when something newer exists, whoever stored it, and gives up in time."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from leftfold.errors import InvalidQuery, StoreClosed
from leftfold.store.events import Expected, ToStream
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, events, opened

__all__ = ["WakeLaws"]

_LONG_S = 20.0


class WakeLaws(Laws):
    """What waiting for the log promises."""

    async def test_a_waiter_wakes_when_the_log_grows(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            for head, writer in enumerate((store, other, store, other)):
                waiting = asyncio.ensure_future(store.wake(head, _LONG_S))
                await asyncio.sleep(0)
                assert not waiting.done()
                await writer.append(ToStream("a-1", Expected.ANY, events(1)))
                async with asyncio.timeout(_LONG_S / 4):
                    assert await waiting == head + 1

    async def test_every_waiter_wakes(self, store: FullStore) -> None:
        waiting = [asyncio.ensure_future(store.wake(0, _LONG_S)) for _ in range(10)]
        await asyncio.sleep(0)
        await store.append(ToStream("a-1", 0, events(2)))
        async with asyncio.timeout(_LONG_S / 4):
            assert await asyncio.gather(*waiting) == [2] * 10

    async def test_waiting_for_what_is_there_already_returns_at_once(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(3)))
        async with asyncio.timeout(_LONG_S / 4):
            assert await store.wake(1, _LONG_S) == 3

    async def test_a_waiter_gives_up_after_its_timeout(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(1)))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await store.wake(1, 0.1) == 1
        assert 0.05 < loop.time() - begun < _LONG_S / 4

    async def test_who_waits_for_what_is_no_position_is_told(self, store: FullStore) -> None:
        for after in (None, "1", 1.5, True):
            with pytest.raises(InvalidQuery, match=r"after=.* is no whole number"):
                await store.wake(cast("int", after), 0.0)
        for position in (None, "1", 1.5, True):
            with pytest.raises(InvalidQuery, match=r"position=.* is no whole number"):
                await store.reached("c", cast("int", position), 0.0)

    async def test_a_closed_store_says_so(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(1)))
        await store.close()
        await store.close()
        for attempt in (store.head(), store.append(ToStream("a-1", 1, events(1))), store.read_stream("a-1")):
            with pytest.raises(StoreClosed):
                await attempt

    async def test_closing_finishes_what_was_accepted(self, store: FullStore, opener: Opener) -> None:
        attempts = [asyncio.ensure_future(store.append(ToStream(f"a-{n}", 0, events(1)))) for n in range(5)]
        await asyncio.sleep(0)
        async with opened(opener) as keeper:
            await store.close()
            await asyncio.gather(*attempts)
            assert await keeper.head() == 5

"""The memory reference keeps every law of the port."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from leftfold.errors import StoreError
from leftfold.store import MemoryLog, MemoryStore
from leftfold.testing import ManualClock
from leftfold.testing.conformance import Later, Opener, StoreConformance


class TestMemory(StoreConformance):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(datetime.now(UTC))

    @pytest.fixture
    def opener(self, clock: ManualClock) -> Opener:
        log = MemoryLog()

        async def open_one() -> MemoryStore:
            return MemoryStore(log=log, clock=clock)

        return open_one

    @pytest.fixture
    def later(self, clock: ManualClock) -> Later:
        async def move(seconds: float) -> None:
            clock.advance(timedelta(seconds=seconds))

        return move


async def test_another_event_loop_is_refused_while_that_of_the_store_is_there() -> None:
    store = MemoryStore()
    assert await asyncio.to_thread(asyncio.run, store.head()) == 0
    assert await store.head() == 0, "the first loop has ended"
    with pytest.raises(StoreError, match="belongs to the event loop that opened it"):
        await asyncio.to_thread(asyncio.run, store.head())

"""The memory reference keeps every law of the port."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

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

"""The memory reference keeps every law of the port."""

from __future__ import annotations

import pytest

from leftfold.store import MemoryLog, MemoryStore
from leftfold.testing.conformance import Opener, StoreConformance


class TestMemory(StoreConformance):
    @pytest.fixture
    def opener(self) -> Opener:
        log = MemoryLog()

        async def open_one() -> MemoryStore:
            return MemoryStore(log=log)

        return open_one

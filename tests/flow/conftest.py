"""A market where everything has happened that can happen."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from leftfold import App
from leftfold.testing import ManualClock
from tests.flow import market

__all__ = ["traded"]


@pytest.fixture
async def traded() -> AsyncGenerator[App]:
    """The market after some trade, still open."""
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    async with App(market.market, market.billing, store="memory:", clock=clock) as app:
        await market.traded(app, clock)
        yield app

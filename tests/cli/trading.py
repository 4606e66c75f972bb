"""The market of the tests of flows, as the command sees it: each context in a file of its own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from leftfold import App, Metadata
from leftfold.testing import ManualClock
from tests.flow import market

__all__ = ["spoiled", "traded"]


def traded(url: str) -> str:
    """Everything that can happen has happened in the stores at *url*."""

    async def work() -> None:
        clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        async with App(market.market, market.billing, store=url, clock=clock) as app:
            await market.traded(app, clock)

    asyncio.run(work())
    return url


def spoiled(url: str) -> str:
    """Reactions that nobody declares have undone and done each other's work."""

    async def work() -> None:
        async with market.rogue().with_settings(store=url, workers=True) as app:
            await app.send(market.Place(order="A"), metadata=Metadata(correlation_id="guest"))
            await app.settle()

    asyncio.run(work())
    return url

"""A read model that is new on a log with history is built while everything else goes on."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from examples.tour.cached_queries import ShowBalance, context
from examples.tour.ledger import Ledger
from leftfold import App


async def test_answers_of_a_read_model_that_has_yet_to_be_built_hold_nobody_up(each_url: str) -> None:
    async with App(Ledger, store=each_url, name="counters") as app:
        for number in range(3):
            await app.repository(Ledger).edit(f"A-{number}", Ledger.open, "BRANCH-1", "USER-1", Decimal(5))
        store = app.store if each_url.startswith("memory:") else each_url
        async with asyncio.timeout(20), App(context, store=store) as later:
            await later.monitor.wait("shown_balances", position=await later.store.head())
            await later.monitor.wait_for_cache("shown_balances", position=await later.store.head())
            assert await later.ask(ShowBalance(account="A-1")) == 5

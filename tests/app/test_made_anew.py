"""A store whose schema is dropped and made anew while an app runs on it: the app goes on, from the new beginning."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.errors import TableMissing
from leftfold.subscriptions import Timing
from tests.adapters.postgres.opened import rows
from tests.app.club import AskName, Bell, Name, Register, club

pytestmark = pytest.mark.postgres


async def test_a_worker_goes_on_in_a_store_that_was_made_anew_under_it(store_url: str) -> None:
    bell = Bell()
    timing = Timing(lease_s=1.0, poll_s=0.05)
    async with club(bell, store=store_url).with_settings(workers=timing) as app, asyncio.timeout(20):
        for member in ("ann", "bob"):
            receipt = await app.send(Register(member=member), id=f"register {member}")
            assert await app.ask(AskName(member=member), after=receipt) == Name(member)
        schema = PostgresLocation.parse(store_url).schema
        await rows(store_url, f'drop schema "{schema}", "{schema}_read" cascade')
        await PostgresSchema(PostgresLocation.parse(store_url)).migrate()
        receipt = await app.send(Register(member="cyd"), id="register cyd")
        assert (receipt.position, receipt.repeated) == (1, False)
        name: Name | None = None
        while name is None:
            try:
                name = await app.ask(AskName(member="cyd"), after=receipt)
            except TableMissing:  # until a worker has looked
                await asyncio.sleep(0.01)
        await app.settle()
        assert await app.ask(AskName(member="ann")) is None
        assert bell.rung[-1] == "greet cyd"

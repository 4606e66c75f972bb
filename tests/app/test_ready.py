"""An app is ready when others see that it follows the logs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from leftfold import App, Context, Event
from leftfold.store import MemoryStore
from leftfold.store.checkpoints import Checkpoint
from leftfold.subscriptions import Timing
from leftfold.subscriptions.presence import PRESENCE

_WAIT_S = 10.0
shop = Context("shop")


class Opened(Event):
    name: str


@shop.on()
async def greet(event: Opened) -> None:
    assert event.name


class _Looking(MemoryStore):
    """Lets nobody look at its checkpoints before it is told to."""

    def __init__(self, ending: Exception | None = None) -> None:
        super().__init__()
        self.asked, self.go, self._ending = asyncio.Event(), asyncio.Event(), ending

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        self.asked.set()
        await self.go.wait()
        if self._ending is not None:
            raise self._ending
        return await super().checkpoints(prefix)


async def test_it_is_ready_when_it_has_looked_for_work_and_not_before() -> None:
    async with App(shop, store=(store := _Looking()), workers=True) as app, asyncio.timeout(_WAIT_S):
        ready = asyncio.create_task(app.ready())
        await store.asked.wait()
        early, _ = await asyncio.wait([ready], timeout=0.05)
        assert not early
        store.go.set()
        await ready
        assert [one.held for one in await store.checkpoints(PRESENCE)] == [True]
        assert all(one.held for one in await store.checkpoints("greet/"))


async def test_it_is_ready_at_once_where_it_follows_nothing() -> None:
    async with App(shop, store=_Looking(), workers=False) as app, asyncio.timeout(_WAIT_S):
        await app.ready()


async def test_what_ends_it_before_is_raised() -> None:
    async with App(shop, store=(store := _Looking(RuntimeError("broken"))), workers=True) as app:
        store.go.set()
        async with asyncio.timeout(_WAIT_S):
            with pytest.raises(RuntimeError, match="broken"):
                await app.ready()


async def test_nobody_waits_for_an_app_that_was_closed_meanwhile() -> None:
    async with App(shop, store=(store := _Looking()), workers=Timing(grace_s=0.02)) as app:
        ready = asyncio.create_task(app.ready())
        await store.asked.wait()
    async with asyncio.timeout(_WAIT_S):
        await ready


def test_it_is_ready_for_programs_that_do_not_await(tmp_path: Path) -> None:
    with App(shop, store=f"sqlite:///{tmp_path}/shop.db", workers=True).sync() as app:
        app.ready()
        (lag,) = app.monitor.lags()
        assert [owner is not None for owner in lag.owners] == [True]

"""Waiting for the log to grow: looked for once for all who wait, and for nobody when nobody does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from leftfold.errors import StoreClosed
from leftfold.store import ToStream
from tests.adapters.sqlite.opened import event, opened, traced, url_of

_LOOKED_S = 0.3


@pytest.mark.parametrize("waiting", [1, 20])
async def test_however_many_wait_the_file_is_looked_at_as_if_it_were_one(tmp_path: Path, waiting: int) -> None:
    async with opened(url_of(tmp_path / "a.db")) as store, opened(url_of(tmp_path / "a.db")) as other:
        waits = [asyncio.create_task(store.wake(0, 30.0)) for _ in range(waiting)]
        await asyncio.sleep(0)
        statements = traced(store)
        await asyncio.sleep(_LOOKED_S)
        assert 0 < len(statements) <= _LOOKED_S / 0.02, "it is not looked, or more often"
        await other.append(ToStream("a-1", 0, [event()]))
        async with asyncio.timeout(5.0):
            assert await asyncio.gather(*waits) == [1] * waiting


async def test_nobody_looks_at_the_file_once_nobody_waits_and_who_waits_then_is_woken(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "a.db")) as store, opened(url_of(tmp_path / "a.db")) as other:
        assert await store.wake(0, 0.01) == 0
        await asyncio.sleep(0.05)
        statements = traced(store)
        await asyncio.sleep(0.1)
        assert statements == []
        await other.append(ToStream("a-1", 0, [event()]))
        waiting = asyncio.create_task(store.wake(1, 30.0))
        await asyncio.sleep(0.05)
        await other.append(ToStream("a-1", 1, [event()]))
        async with asyncio.timeout(5.0):
            assert await waiting == 2


async def test_who_waits_for_a_store_that_is_closed_is_told_at_once(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "a.db")) as store:
        waiting = asyncio.create_task(store.wake(0, 30.0))
        await asyncio.sleep(0.05)
        await store.close()
        with pytest.raises(StoreClosed):
            async with asyncio.timeout(5.0):
                await waiting

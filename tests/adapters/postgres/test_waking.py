"""Waiting for the log: notifications wake across processes, and whoever hears none still looks."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.adapters.postgres import PostgresLocation, append_within, waking
from leftfold.errors import StoreClosed
from leftfold.store import ToStream
from tests.adapters.postgres.opened import connected, event, opened, rows

_LONG_S = 60.0


@pytest.fixture
def never_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "_POLL_S", _LONG_S)


@pytest.mark.usefixtures("never_polls")
async def test_a_commit_of_another_store_is_heard_without_polling(store_url: str) -> None:
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for head in range(20):
            waiting = asyncio.ensure_future(store.wake(head, _LONG_S))
            await other.append(ToStream("a-1", head, [event()]))
            assert await waiting == head + 1


@pytest.mark.usefixtures("never_polls")
async def test_a_commit_right_before_closing_is_heard_too(store_url: str) -> None:
    async with opened(store_url) as store, asyncio.timeout(_LONG_S / 4):
        waiting = asyncio.ensure_future(store.wake(2, _LONG_S))
        async with opened(store_url) as other:
            for version in range(3):
                await other.append(ToStream("a-1", version, [event()]))
        assert await waiting == 3


async def test_whoever_waits_while_the_store_is_closed_is_told(store_url: str) -> None:
    async with opened(store_url) as store:
        waiting = asyncio.ensure_future(store.wake(0, _LONG_S))
        assert await store.head() == 0
        await store.close()
        with pytest.raises(StoreClosed):
            await waiting


@pytest.mark.usefixtures("never_polls")
async def test_a_listener_that_was_cut_listens_again(store_url: str) -> None:
    cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen %'"
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for head in range(2):
            waiting = asyncio.ensure_future(store.wake(head, _LONG_S))
            while await rows(store_url, cut) == [(0,)]:
                assert not waiting.done()
            await other.append(ToStream("a-1", head, [event()]))
            assert await waiting == head + 1


async def test_what_is_not_told_is_found_by_looking(store_url: str) -> None:
    schema = PostgresLocation.parse(store_url).schema
    async with opened(store_url) as store, connected(store_url) as own, asyncio.timeout(_LONG_S / 4):
        waiting = asyncio.ensure_future(store.wake(0, _LONG_S))
        async with own.transaction():
            await append_within(own, ToStream("a-1", 0, [event()]), schema=schema)
            assert not waiting.done()
        assert await waiting == 1

"""Work that two restore at the same time."""

from __future__ import annotations

import asyncio

import asyncpg

from leftfold.app import open_store
from leftfold.store import Restorable
from leftfold.store.work import AT_ONCE, WorkItem
from tests.adapters.postgres.opened import schema_of


async def test_work_that_another_has_stored_meanwhile_is_passed_over(store_url: str) -> None:
    item = WorkItem(
        id="a",
        queue="q",
        status="on",
        state=b"{}",
        token=7,
        owner=None,
        wake_at=None,
        created_at=AT_ONCE,
        changed_at=AT_ONCE,
    )
    store = await open_store(store_url)
    assert isinstance(store, Restorable)
    other = await asyncpg.connect(store_url.partition("?")[0])
    async with other.transaction():
        await other.execute(
            f"insert into {schema_of(store_url)}.work (id, queue, status, state, token, created_at, changed_at) "
            "values ('a', 'q', 'on', '{}', 7, to_timestamp(0), to_timestamp(0))"
        )
        restoring = asyncio.create_task(store.restore_work([item]))
        while not await other.fetchval("select count(*) from pg_locks where not granted"):
            assert not restoring.done()
    assert await restoring == 0
    assert await store.work(["a"]) == {"a": item}
    await other.close()
    await store.close()

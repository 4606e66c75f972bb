"""Snapshots on PostgreSQL: beside the log, never in its way, whole whoever writes them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresStore
from leftfold.errors import AccessDenied, SchemaMismatch
from leftfold.store import ToStream, digest_of
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to
from tests.adapters.postgres.opened import connected, event, opened, rows, schema_of, snapshot, somebody_waits

_KEEPER = Path(__file__).with_name("keeper.py")


async def test_a_state_can_be_asked_for_in_sql_and_is_there_byte_for_byte(store_url: str) -> None:
    state = '{ "ü" : 1e2, "b":-0, "a":1, "b":2 }'
    async with opened(store_url) as store:
        await store.save_snapshot(snapshot(3, state.encode()))
    assert await rows(store_url, "select state::text, state ->> 'ü' from :schema.snapshots") == [(state, "1e2")]


async def test_of_processes_that_keep_the_same_snapshot_one_is_left_and_it_is_whole(store_url: str) -> None:
    words = [sys.executable, str(_KEEPER), store_url]
    processes = [await asyncio.create_subprocess_exec(*words, filler, "300") for filler in "xyz"]
    try:
        async with opened(store_url) as store:
            running = asyncio.gather(*(process.wait() for process in processes))
            while not running.done():
                kept = await store.load_snapshot("shared-1", "f")
                assert kept is None or kept.digest == digest_of(kept.key, kept.state)
                await asyncio.sleep(0)
            assert await running == [0, 0, 0]
            [last] = await store.read_snapshots()
            assert last.digest == digest_of(last.key, last.state)
            assert set(last.state.decode()) <= {"[", "]", '"', "x", "y", "z"}
            assert len(last.state) == 4 + 49 * 100
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_snapshots_are_kept_and_dropped_while_somebody_else_holds_the_log(store_url: str) -> None:
    async with opened(store_url) as store:
        async with connected(store_url) as holder, holder.transaction():
            await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
            waiting = asyncio.ensure_future(store.append(ToStream("a-1", 0, [event()])))
            await somebody_waits(holder)
            await store.save_snapshot(snapshot(1))
            assert await store.load_snapshot("a-1", "f") == snapshot(1)
            assert await store.drop_snapshots([snapshot(1).key]) == 1
            assert not waiting.done()
        assert (await waiting).position == 1


async def test_those_who_drop_the_same_snapshots_in_other_orders_do_not_block_each_other(store_url: str) -> None:
    kept = [snapshot(version) for version in range(1, 10)]
    keys = [each.key for each in kept]
    async with opened(store_url) as store, opened(store_url) as other:
        await asyncio.gather(*map(store.save_snapshot, kept))
        async with connected(store_url) as holder, holder.transaction():
            await holder.execute(f"select from {schema_of(store_url)}.snapshots where version = 5 for update")
            dropping = asyncio.gather(store.drop_snapshots(keys), other.drop_snapshots(keys[::-1]))
            await holder.execute(
                "do $$ begin while (select count(*) from pg_locks where not granted) < 2 loop "
                "perform pg_sleep(0.005); end loop; end $$"
            )
        assert sorted(await dropping) == [0, len(keys)]


@pytest.mark.parametrize("pooled", [False, True])
async def test_a_snapshot_whose_answer_was_lost_is_kept_again(
    postgres: PostgresServer, store_url: str, pooled: bool
) -> None:
    async with wire_to(postgres.port) as (wire, port):
        url = store_url.replace(f":{postgres.port}/", f":{port}/")
        store = PostgresStore(PostgresLocation.parse(url), pooled=pooled)
        wire.lose_answer_to(b"lost-1")
        await store.save_snapshot(snapshot(1, stream="lost-1"))
        assert wire.lost == 1
        assert await store.load_snapshot("lost-1", "f") == snapshot(1, stream="lost-1")
        wire.lose_answer_to(b"lost-1")
        await store.drop_snapshots([snapshot(1, stream="lost-1").key])
        assert wire.lost == 2
        assert await store.load_snapshot("lost-1", "f") is None
        await store.close()


async def test_what_a_role_lacks_and_what_is_not_migrated_is_said(postgres: PostgresServer, store_url: str) -> None:
    role = "old_" + schema_of(store_url)[1:-1]
    postgres.execute(f'create role "{role}" login')
    await rows(store_url, f'grant usage on schema :schema to "{role}"')
    await rows(store_url, f'grant select on all tables in schema :schema to "{role}"')
    async with opened(store_url.replace("postgres@", f"{role}@")) as store:
        with pytest.raises(AccessDenied, match="--role NAME"):
            await store.save_snapshot(snapshot(1))
        await rows(store_url, "drop table :schema.snapshots")
        with pytest.raises(SchemaMismatch, match="leftfold migrate"):
            await store.load_snapshot("a-1", "f")

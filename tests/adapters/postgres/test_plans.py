"""Plans that were made while the tables were empty do not slow a store down that has filled since."""

from __future__ import annotations

import asyncio

from leftfold.adapters.postgres import PostgresLocation, append_within
from leftfold.store import AppendCondition, QueryItem, Store, ToStream
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import CUT_OTHERS, connected, event, opened, rows, schema_of, statistics_told

_EVENTS = 10_000


async def _rows_scanned(url: str) -> dict[str, int]:
    """Rows that sequential scans have read, by table, once every other connection has told its statistics."""
    await statistics_told(url)
    sql = (
        "select relname, seq_tup_read from pg_stat_user_tables where schemaname = $1 and relname in ('events', 'tags')"
    )
    return {str(name): int(read) for name, read in await rows(url, sql, schema_of(url).strip('"'))}


async def _analyse(url: str) -> None:
    """Have the tables of an empty store analysed, now and never again."""
    for table in ("events", "tags"):
        await rows(url, f"analyze :schema.{table}")
        await rows(url, f"alter table :schema.{table} set (autovacuum_enabled = off)")


async def _append(store: Store, n: int) -> None:
    """Each of the functions that a store calls for appends without a condition."""
    await store.append(ToStream(f"a-{n}", 0, [event(tags=("x",))]))
    await store.append(ToStream(f"a-{n}", 1, [event(tags=("x",)), event()]))
    streams = (f"c-{n}", f"e-{n}")
    await asyncio.gather(*(store.append(ToStream(stream, 0, [event(tags=("x",))])) for stream in streams))
    await asyncio.gather(*(store.append(ToStream(f"a-{n}", version, [event(tags=("x",))])) for version in (3, 4)))


async def _fill(store: Store) -> None:
    for n in range(_EVENTS // 500):
        await asyncio.gather(*(store.append(ToStream(f"b-{n}-{m}", 0, [event(tags=("x",))])) for m in range(500)))


async def test_appends_behind_a_pooler_which_takes_no_settings_scan_no_table(
    lone_url: str, postgres: PostgresServer, pgbouncer: int
) -> None:
    await _analyse(lone_url)
    async with opened(lone_url.replace(f":{postgres.port}/", f":{pgbouncer}/")) as store:
        assert store.pooled
        for n in range(12):
            await _append(store, n)
        await _fill(store)
        for n in range(12, 24):
            await _append(store, n)
    await rows(lone_url, CUT_OTHERS)  # the pooler would keep its connections
    assert await _rows_scanned(lone_url) == {"events": 0, "tags": 0}


async def test_appends_and_reads_of_a_store_analysed_while_empty_scan_no_table(lone_url: str) -> None:
    await _analyse(lone_url)
    schema = PostgresLocation.parse(lone_url).schema
    condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"x", "y"}), types=frozenset({"T"})),))
    rare = (QueryItem(tags=frozenset({"rare"})), QueryItem(types=frozenset({"T"})))
    async with opened(lone_url + "?pool=1") as store, connected(lone_url) as own:

        async def use(n: int) -> None:
            await store.append(ToStream(f"d-{n}", 0, [event(tags=("x",))]), condition=condition)
            async with own.transaction():
                await append_within(
                    own, ToStream(f"d-{n}", 1, [event(tags=("x",))]), condition=condition, schema=schema
                )
            await _append(store, n)
            await store.read_stream(f"a-{n}")
            await store.read_facts(f"a-{n}")
            await store.read_log(after=n)
            await store.read_log(match=rare, category="a")
            await store.head()

        for n in range(12):  # past the runs after which a plan is kept for good
            await use(n)
        await _fill(store)
        for n in range(12, 24):
            await use(n)
    assert await _rows_scanned(lone_url) == {"events": 0, "tags": 0}

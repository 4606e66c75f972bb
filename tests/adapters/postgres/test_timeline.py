"""Moments of a large log, found with a handful of probes whatever the planner knows, each answer from one snapshot."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresStore
from leftfold.store import SnapshotKey, StreamHead
from tests.adapters.postgres.opened import connected, rows, schema_of, snapshot, statistics_told

_LONG: Final = 8_000
_SHORT: Final = 4_000
_PER_SECOND: Final = 7
_BEGUN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_HEAD: Final = _LONG + 2 * _SHORT
_BETWEEN: Final = 500

# Every other position to one long stream, the others in turn to short ones of two events each.
_FILL = f"""
    insert into :schema.events (
        position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata)
    select n, t, t - interval '1 day', gen_random_uuid(), v, 1, s, 'T', '{{}}', '{{}}' from (
        select n, '2020-01-01Z'::timestamptz + n / {_PER_SECOND} * interval '1 second' as t,
            case when n % 2 = 0 then 'long-1' else 'a-' || lpad((n / 2 % {_SHORT})::text, 4, '0') end as s,
            case when n % 2 = 0 then n / 2 else n / 2 / {_SHORT} + 1 end as v
        from generate_series(1, {_HEAD}) n) f"""

# Names that sort between that of a category and those that begin with it and a hyphen, and are of neither.
_NEIGHBOURS = f"""
    insert into :schema.events (
        position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata)
    select {_HEAD} + n, '2030-01-01Z', '2030-01-01Z', gen_random_uuid(), 1, 1, 'b!' || n, 'T', '{{}}', '{{}}'
    from generate_series(1, {_BETWEEN}) n"""
_SNAPSHOTS = """
    insert into :schema.snapshots select 'a-' || lpad((n / 10)::text, 4, '0'), 'f', n % 10 + 1, '{"n":1}', 'd'
    from generate_series(0, 9999) n"""


@pytest.fixture(params=["analysed while empty", "analysed when full"])
async def large_url(request: pytest.FixtureRequest, lone_url: str) -> str:
    """A large store."""
    async with connected(lone_url) as connection:
        schema = schema_of(lone_url)
        for table in ("events", "snapshots"):
            await connection.execute(f"analyze {schema}.{table}")
            await connection.execute(f"alter table {schema}.{table} set (autovacuum_enabled = off)")
        for fill in (_FILL, _NEIGHBOURS, _SNAPSHOTS):
            await connection.execute(fill.replace(":schema", schema))
        if request.param == "analysed when full":
            await connection.execute(f"analyze {schema}.events")
            await connection.execute(f"analyze {schema}.snapshots")
    return lone_url


async def _rows_looked_at(url: str) -> int:
    """Rows of tables and entries of indexes that were read, once every other connection has told its statistics."""
    await statistics_told(url)
    sql = """
        select (select sum(seq_tup_read) from pg_stat_user_tables where schemaname = $1)
            + (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = $1)"""
    [(read,)] = await rows(url, sql, schema_of(url).strip('"'))
    return int(read)


_Call = Callable[[PostgresStore], Awaitable[object]]
_MIDDLE: Final = _BEGUN + timedelta(seconds=_HEAD / _PER_SECOND / 2)
_CALLS: dict[str, tuple[_Call, int]] = {
    "position_at": (lambda store: store.position_at(_MIDDLE), 25),
    "position_at, before all": (lambda store: store.position_at(_BEGUN - timedelta(1)), 25),
    "version_at": (lambda store: store.version_at("long-1", _HEAD // 2), 25),
    "version_at, now": (lambda store: store.version_at("long-1", _HEAD), 5),
    "streams": (lambda store: store.streams(limit=10), 40),
    "streams, of a category": (lambda store: store.streams(category="long"), 10),
    "streams, of none": (lambda store: store.streams(category="c"), 5),
    "streams, of none but with neighbours": (lambda store: store.streams(category="b"), 5),
    "streams, from the middle then": (lambda store: store.streams(after="a-2000", upto=6_000, limit=10), 60),
    "streams, a long one then": (lambda store: store.streams(category="long", upto=9_000), 30),
    "read_facts": (lambda store: store.read_facts("long-1", after=5_000, limit=10), 15),
    "read_facts, valid": (lambda store: store.read_facts("a-0007", valid=_MIDDLE), 10),
    "load_snapshot": (lambda store: store.load_snapshot("a-0500", "f", upto=7), 5),
    "load_snapshot, none": (lambda store: store.load_snapshot("a-0500", "other"), 5),
    "save_snapshot": (lambda store: store.save_snapshot(snapshot(3, stream="a-0500")), 5),
    "read_snapshots": (lambda store: store.read_snapshots(after=SnapshotKey("a-0500", "f", 7), limit=10), 15),
    "drop_snapshots": (lambda store: store.drop_snapshots([SnapshotKey("a-0500", "f", n) for n in (3, 5, 99)]), 15),
}


@pytest.mark.parametrize("pooled", [False, True])
async def test_each_call_looks_at_a_few_rows_of_a_large_store(large_url: str, pooled: bool) -> None:
    for name, (call, most) in _CALLS.items():
        store = PostgresStore(PostgresLocation.parse(large_url), pooled=pooled)
        before = await _rows_looked_at(large_url)
        await call(store)
        await store.close()
        assert 0 <= await _rows_looked_at(large_url) - before <= most, name


async def test_moments_of_a_large_store_are_those_that_a_look_at_every_event_finds(large_url: str) -> None:
    store = PostgresStore(PostgresLocation.parse(large_url), pooled=False)
    seconds = (-1, 0, 1, 1.5, _HEAD // _PER_SECOND, 10**6, *(random.uniform(0, _HEAD / _PER_SECOND) for _ in range(20)))
    for second in seconds:
        moment = _BEGUN + timedelta(seconds=second)
        sql = "select coalesce(max(position), 0) from :schema.events where recorded_at <= $1"
        [(position,)] = await rows(large_url, sql, moment)
        assert await store.position_at(moment) == position
        for stream in ("long-1", "a-0000", "a-3999", "none"):
            sql = "select coalesce(max(version), 0) from :schema.events where stream = $1 and position <= $2"
            [(version,)] = await rows(large_url, sql, stream, position)
            assert await store.version_at(stream, position) == version
    await store.close()


@pytest.mark.parametrize("upto", [None, 1, 5_000, _HEAD + _BETWEEN])
async def test_all_streams_of_a_large_store_are_listed_page_by_page(large_url: str, upto: int | None) -> None:
    store = PostgresStore(PostgresLocation.parse(large_url), pooled=False)
    heads: list[StreamHead] = []
    while page := await store.streams(after=heads[-1].stream if heads else "", upto=upto):
        heads += page
    sql = """
        select distinct on (stream) stream, version, position, recorded_at from :schema.events where position <= $1
        order by stream, version desc"""
    assert heads == [StreamHead(*row) for row in await rows(large_url, sql, 2**40 if upto is None else upto)]
    await store.close()

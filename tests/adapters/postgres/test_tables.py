"""Rows in PostgreSQL: tables and views that anybody reads by plain SQL, and who may hold up whom."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from leftfold.adapters.postgres import PostgresLocation
from leftfold.errors import AppendRefused, StoreBusy, TableMismatch
from leftfold.store import ToStream
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.transaction import Point, Put
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import connected, event, opened, rows, schema_of, statistics_told
from tests.adapters.postgres.rowing import COUNTS, SUMMARIES, pointed, summary, write

_NEWER = Table(name="summaries", version=2, columns=(Column("moves", ColumnType.DECIMAL),))


def _read_schema(url: str) -> str:
    return f'"{PostgresLocation.parse(url).schema}_read"'


async def _sql(url: str, text: str, *values: object) -> list[tuple[object, ...]]:
    return list(await rows(url, text.replace(":read", _read_schema(url)), *values))


async def test_people_read_rows_by_sql_with_columns_of_their_types(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES, view="account_summaries")
        await write(store, Put(table=SUMMARIES, rows={"a-1": summary("Zoë"), "a-2": b'{"moves":2,"tags":null}'}))
    assert await _sql(store_url, "select * from :read.account_summaries order by key") == [
        ("a-1", "Zoë", 1, Decimal("10.50"), datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC), '["a"]'),
        ("a-2", None, 2, None, None, None),
    ]
    assert await _sql(
        store_url,
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = ':read.account_summaries'::regclass and attnum > 0 order by attnum",
    ) == [
        ("key", "text"),
        ("owner", "text"),
        ("moves", "bigint"),
        ("balance", "numeric"),
        ("since", "timestamp with time zone"),
        ("tags", "json"),
    ]
    assert await _sql(store_url, 'select "row" from :read.summaries__1_1 where key = $1', "a-1") == [
        (summary("Zoë").decode(),)
    ]


async def test_who_writes_a_text_that_is_too_long_for_an_index_is_told_what_to_do(store_url: str) -> None:
    table = Table(name="titles", version=1, columns=(Column("title", ColumnType.TEXT),), indexes=(("title",),))
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 3_000)))  # all different, as what is packed well fits
    async with opened(store_url) as store:
        await pointed(store, table)
        with pytest.raises(AppendRefused, match=r"index row .* long texts in index=") as refusal:
            await write(store, Put(table=table, rows={"a": b'{"title":"%s"}' % letters.encode()}))
        assert "MD5" not in str(refusal.value)


async def test_the_view_follows_the_active_generation_and_keeps_its_rights(
    postgres: PostgresServer, store_url: str
) -> None:
    reader = "reader_" + schema_of(store_url)[1:-1]
    postgres.execute(f'create role "{reader}" login')
    as_reader = store_url.replace("postgres@", f"{reader}@")
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES, view="shown")
        await _sql(store_url, f'grant usage on schema :read to "{reader}"')
        await _sql(store_url, f'grant select on :read.shown to "{reader}"')
        await store.prepare(SUMMARIES, 2)
        await write(store, Put(table=SUMMARIES, rows={"new": summary("new")}, generation=2))
        assert await _sql(as_reader, "select key from :read.shown") == []
        await write(store, Point(table=SUMMARIES, generation=2, view="shown"))
        assert await _sql(as_reader, "select key from :read.shown") == [("new",)]
        await pointed(store, _NEWER, view="shown")
        await write(store, Put(table=_NEWER, rows={"newer": b'{"moves":"1.5"}'}))
        assert await _sql(as_reader, "select * from :read.shown") == [("newer", Decimal("1.5"))]


async def test_a_view_that_shows_nothing_active_is_dropped(store_url: str) -> None:
    views = "select viewname from pg_views where format('%I', schemaname) = replace(':read', chr(34), '') order by 1"
    async with opened(store_url) as store:
        await pointed(store, COUNTS, view="one")
        await pointed(store, COUNTS, 2, view="two")
        assert await _sql(store_url, views) == [("two",)]
        await store.discard(COUNTS, 1)
        await write(store, Point(table=COUNTS, generation=2))
        assert await _sql(store_url, views) == []


async def test_a_table_is_removed_with_its_view_unless_something_of_others_depends_on_it(store_url: str) -> None:
    views = "select viewname from pg_views where format('%I', schemaname) = replace(':read', chr(34), '') order by 1"
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES, view="shown")
        await write(store, Put(table=SUMMARIES, rows={"a": summary("me")}))
        await _sql(store_url, "create view :read.mine as select owner from :read.shown")
        with pytest.raises(AppendRefused, match="depend"):
            await store.remove(Table(name=SUMMARIES.name))
        assert await _sql(store_url, "select * from :read.mine") == [("me",)]
        assert await store.get(SUMMARIES, ["a"]) == {"a": summary("me")}
        await _sql(store_url, "drop view :read.mine")
        await store.prepare(SUMMARIES, 2)
        assert await store.remove(Table(name=SUMMARIES.name)) == 2
        assert await _sql(store_url, views) == []
        await pointed(store, SUMMARIES, view="shown")


async def test_a_table_that_somebody_reads_for_long_is_not_removed(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, COUNTS, view="shown")
        async with connected(store_url) as reader, reader.transaction():
            await reader.fetch(f"select * from {_read_schema(store_url)}.shown")
            async with asyncio.timeout(10):
                with pytest.raises(StoreBusy, match="read for more than a second"):
                    await store.remove(COUNTS)
        assert await store.remove(COUNTS) == 1


async def test_rows_that_somebody_reads_for_long_are_not_discarded(store_url: str) -> None:
    async with opened(store_url) as store:
        await store.prepare(COUNTS, 2)
        async with connected(store_url) as reader, reader.transaction():
            await reader.fetch(f'select * from {_read_schema(store_url)}."{COUNTS.physical(2)}"')
            async with asyncio.timeout(10):
                with pytest.raises(StoreBusy, match="read for more than a second"):
                    await store.discard(COUNTS, 2)
        await store.discard(COUNTS, 2)


async def test_a_switch_that_would_break_the_views_of_others_is_refused_and_changes_nothing(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES, view="shown")
        await _sql(store_url, "create view :read.mine as select owner from :read.shown")
        await write(store, Put(table=SUMMARIES, rows={"a": summary("me")}))
        await store.prepare(_NEWER)
        with pytest.raises(AppendRefused, match="depend"):
            await write(store, Point(table=_NEWER, generation=1, view="shown"))
        assert await store.generation(_NEWER) == 0
        assert await _sql(store_url, "select * from :read.mine") == [("me",)]
        await pointed(store, SUMMARIES, 2, view="shown")
        assert await _sql(store_url, "select * from :read.mine") == []


async def test_a_view_does_not_take_the_name_of_something_else(store_url: str) -> None:
    async with opened(store_url) as store:
        await store.prepare(COUNTS)
        await _sql(store_url, "create table :read.mine (number integer)")
        with pytest.raises(AppendRefused, match="mine"):
            await write(store, Point(table=COUNTS, generation=1, view="mine"))
        assert await store.generation(COUNTS) == 0
        await write(store, Point(table=COUNTS, generation=1, view="counts"))


async def test_who_reads_a_view_for_long_holds_up_a_switch_for_a_second_and_then_fails_it(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, COUNTS, view="shown")
        await store.prepare(COUNTS, 2)
        async with connected(store_url) as reader, reader.transaction():
            await reader.fetch(f"select * from {_read_schema(store_url)}.shown")
            async with asyncio.timeout(10):
                with pytest.raises(StoreBusy, match="read for more than a second"):
                    await write(store, Point(table=COUNTS, generation=2, view="shown", at_head=0))
            await store.append(ToStream("a-1", 0, [event()]))
        await write(store, Point(table=COUNTS, generation=2, view="shown", at_head=1))
        assert await store.generation(COUNTS) == 2


async def test_a_table_of_another_shape_under_the_same_version_is_noticed_by_who_reads_and_who_writes(
    store_url: str,
) -> None:
    other = Table(name="summaries", columns=(Column("owner", ColumnType.TEXT), Column("more", ColumnType.TEXT)))
    fewer = Table(name="summaries", columns=(Column("owner", ColumnType.TEXT),))
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES)
        for table in (other, fewer):
            with pytest.raises(TableMismatch):
                await write(store, Put(table=table, rows={"a": b"{}"}))
            with pytest.raises(TableMismatch):
                await store.get(table, ["a"])
            with pytest.raises(TableMismatch):
                await store.select(table, Selection(where=(Where(table.columns[-1].name, Compare.EQUAL, "a"),)))


async def test_a_table_that_somebody_else_made_by_hand_is_left_alone(store_url: str) -> None:
    async with opened(store_url) as store:
        await _sql(store_url, "create table :read.counts__1_1 (key text)")
        with pytest.raises(Exception, match="another application"):
            await store.prepare(COUNTS)
        assert await _sql(store_url, "select count(*) from :read.counts__1_1") == [(0,)]


async def test_what_is_not_set_is_found_by_an_index(lone_url: str) -> None:
    loans = Table(name="loans", columns=(Column("back", ColumnType.DATE),), indexes=(("back",),))
    async with opened(lone_url) as store:
        await pointed(store, loans)
        many = {f"k{n}": b'{"back":"2026-01-02"}' if n % 1_000 else b"{}" for n in range(3_000)}
        await write(store, Put(table=loans, rows=many))
        await rows(lone_url, f"analyze {_read_schema(lone_url)}.loans__1_1")
        not_set = Selection(where=(Where("back", Compare.EQUAL, None),), limit=2**63 - 1)
        assert len(await store.select(loans, not_set)) == 3
    await statistics_told(lone_url)
    scans = await rows(
        lone_url, "select indexrelname from pg_stat_user_indexes where relname = 'loans__1_1' and idx_scan > 0"
    )
    assert "loans__1_1_back_key_idx" in {name for (name,) in scans}


async def test_questions_use_indexes(lone_url: str) -> None:
    async with opened(lone_url) as store:
        await pointed(store, SUMMARIES)
        for part in range(10):
            many = {f"k{part}-{n}": summary(f"owner{part}x{n}") for n in range(300)}
            await write(store, Put(table=SUMMARIES, rows=many))
        await rows(lone_url, f"analyze {_read_schema(lone_url)}.summaries__1_1")
        found = await store.search(SUMMARIES, "owner7x9*", Selection(limit=200))
        assert len(found) == 11
        wanted = Selection(where=(Where("owner", Compare.EQUAL, "owner7x9"),))
        assert len(await store.select(SUMMARIES, wanted)) == 1
        assert len(await store.get(SUMMARIES, ["k1-1", "k1-2"])) == 2
    await statistics_told(lone_url)
    scans = await rows(
        lone_url,
        "select c.relname, s.idx_scan from pg_stat_user_indexes s join pg_class c on c.oid = s.indexrelid "
        "where s.relname = 'summaries__1_1' and s.idx_scan > 0 order by 1",
    )
    assert {name for name, _ in scans} == {
        "summaries__1_1_#words_idx",
        "summaries__1_1_owner_key_idx",
        "summaries__1_1_pkey",
    }

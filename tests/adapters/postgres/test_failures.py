"""What goes wrong is told in our own words, and nothing half stored is left."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from leftfold.adapters.postgres import PostgresSchema, open_postgres
from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.errors import (
    AppendRefused,
    OutcomeUnknown,
    SchemaMismatch,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnavailable,
)
from leftfold.store import Appended, ToStream
from leftfold.store.transaction import Transaction
from leftfold.testing.conformance.work_ground import begin
from leftfold.testing.postgres import PostgresServer, postgres_server
from tests.adapters.postgres.opened import CUT_OTHERS, connected, event, log_of, opened, rows, schema_of, somebody_waits

_CLOCK_FAILS = """create or replace function :schema.now_v1() returns timestamptz language plpgsql as
    $$ begin raise exception 'planted' using errcode = '{}'; end $$"""


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("53100", StoreFull),
        ("53200", StoreUnavailable),
        ("57014", StoreUnavailable),
        ("58030", StoreUnavailable),
        ("25006", StoreUnavailable),
        ("P0001", AppendRefused),
    ],
)
async def test_an_error_of_the_database_becomes_one_of_ours_and_nothing_is_stored(
    store_url: str, code: str, error: type[Exception]
) -> None:
    async with opened(store_url) as store:
        await rows(store_url, _CLOCK_FAILS.format(code))
        attempts = [store.append(ToStream(f"a-{n}", 0, [event()])) for n in range(3)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [error] * 3
        assert all(code in str(outcome) for outcome in outcomes)
        assert await store.head() == 0


async def test_a_database_that_takes_null_for_a_word_in_arrays_is_appended_to(store_url: str) -> None:
    async with opened(f"{store_url}&options=-c%20array_nulls%3Doff") as store:
        await store.append(ToStream("a-1", 0, [event(tags=["x"]), event()]))
        assert [one.tags for one in await log_of(store)] == [("x",), ()]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("25006", "connect to the primary"),
        ("53300", "raise max_connections"),
        ("57014", "raise statement_timeout"),
        ("53200", "mend the cause"),
    ],
)
async def test_an_error_that_the_server_gives_says_what_to_do_about_it(store_url: str, code: str, advice: str) -> None:
    async with opened(store_url) as store:
        await rows(store_url, _CLOCK_FAILS.format(code))
        with pytest.raises(StoreUnavailable, match=f"{code}.*{advice}.*, and try again"):
            await store.append(ToStream("a-1", 0, [event()]))


async def test_a_deadlock_that_hit_an_append_is_not_the_callers_to_mend(store_url: str) -> None:
    once = """create or replace function :schema.now_v1() returns timestamptz language plpgsql as $$ begin
        if nextval(':schema.tries') < 3 then raise exception 'planted' using errcode = '40P01'; end if;
        return clock_timestamp(); end $$"""
    async with opened(store_url) as store:
        await rows(store_url, "create sequence :schema.tries")
        await rows(store_url, once)
        assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1
        assert await rows(store_url, "select last_value from :schema.tries") == [(3,)]


async def test_what_the_database_refuses_fails_alone(store_url: str) -> None:
    await rows(store_url, "alter table :schema.events add check (data::text not like '%13}')")
    async with opened(store_url) as store:
        outcomes = await asyncio.gather(
            *(store.append(ToStream(f"a-{n}", 0, [event(n)])) for n in range(30)), return_exceptions=True
        )
        assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, AppendRefused)] == [13]
        assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 29
        assert [e.position for e in await log_of(store)] == list(range(1, 30))


async def test_a_store_whose_schema_was_dropped_says_what_to_run(store_url: str) -> None:
    async with opened(store_url) as store:
        await rows(store_url, "drop schema :schema cascade")
        for attempt in (store.append(ToStream("a-1", 0, [event()])), store.head(), store.read_stream("a-1")):
            with pytest.raises(SchemaMismatch, match="leftfold migrate"):
                await attempt


async def test_an_append_waits_for_others_until_its_deadline(store_url: str) -> None:
    async with opened(store_url.replace("deadline_s=20", "deadline_s=0.4")) as store:
        async with connected(store_url) as holder, holder.transaction():
            await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
            sent = asyncio.ensure_future(store.append(ToStream("a-1", 0, [event()])))
            await somebody_waits(holder)
            queued = asyncio.ensure_future(store.append(ToStream("a-2", 0, [event()])))
            outcomes = await asyncio.gather(sent, queued, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [StoreBusy, StoreBusy]
        assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


async def test_a_read_whose_caller_goes_away_harms_nobody(store_url: str) -> None:
    async with opened(store_url + "&pool=1") as store:
        for turns in range(6):
            reading = asyncio.ensure_future(store.head())
            for _ in range(turns):
                await asyncio.sleep(0)
            reading.cancel()
        assert await store.head() == 0


async def test_a_read_whose_caller_goes_away_while_it_connects_leaves_no_error_that_nobody_is_told(
    lone_url: str,
) -> None:
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with opened(lone_url) as store, connected(lone_url) as killer:
        for turns in range(16):
            await killer.execute(CUT_OTHERS)
            reading = asyncio.ensure_future(store.head())
            for _ in range(turns):
                await asyncio.sleep(0)
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
    gc.collect()
    assert told == []


async def test_another_event_loop_is_refused_and_stores_nothing(store_url: str) -> None:
    async with opened(store_url) as store:
        for call in (
            store.append(ToStream("a-1", 0, [event()])),
            store.transact(Transaction(writes=[begin("w-1")])),
            store.head(),
            store.work(["w-1"]),
        ):
            with pytest.raises(StoreError, match="belongs to the event loop that opened it"):
                await asyncio.to_thread(asyncio.run, call)
        await store.append(ToStream("b-1", 0, [event()]))
        assert [each.stream for each in await log_of(store)] == ["b-1"]
        assert not await store.work(["w-1"])


async def test_a_server_that_is_not_there_is_said_so() -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/"):
        await open_postgres("postgresql://postgres@127.0.0.1:1/nothing?deadline_s=1")


async def test_a_database_or_role_that_does_not_exist_is_said_so(postgres: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable, match="3D000"):
        await open_postgres(postgres.url("nothing"))
    with pytest.raises(StoreUnavailable, match="28000"):
        await open_postgres(postgres.url("postgres").replace("postgres@", "nobody@"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("?", "?target_session_attrs=standby&"),  # no such server among them, as while another one is promoted
        ("127.0.0.1:", "nobody..here:"),
        ("127.0.0.1:", "127.0.0.1:x,127.0.0.1:"),
        ("?", "%00?"),  # refused with a code of connections, as most of what a pooler says
    ],
)
async def test_a_server_that_lets_nobody_in_is_said_to_be_out_of_reach(store_url: str, before: str, after: str) -> None:
    url = store_url.replace(before, after, 1)
    for attempt in (open_postgres(url), PostgresSchema(PostgresLocation.parse(url)).migrate()):
        with pytest.raises(StoreUnavailable, match="Nothing was stored"):
            await attempt


async def test_a_connection_that_the_server_ends_while_a_store_is_opened_is_told_with_the_servers_words(
    bare_url: str,
) -> None:
    await rows(bare_url, "create schema :schema")
    ends = "select 'schema_version' as name, pg_terminate_backend(pg_backend_pid())::integer as value"
    await rows(bare_url, f"create view :schema.meta as {ends}")
    for attempt in (open_postgres(bare_url), PostgresSchema(PostgresLocation.parse(bare_url)).migrate()):
        with pytest.raises(StoreUnavailable, match="terminating connection due to administrator command"):
            await attempt


@pytest.fixture
async def own_url(own: PostgresServer) -> str:
    url = own.create_database("store")
    await PostgresSchema(PostgresLocation.parse(url)).migrate()
    return url


async def test_a_server_that_comes_back_in_time_is_not_noticed(own: PostgresServer, own_url: str) -> None:
    async with opened(own_url) as store:
        await store.append(ToStream("a-1", 0, [event()]))
        await asyncio.to_thread(own.crash)
        attempts = [asyncio.ensure_future(store.append(ToStream("a-1", 1, [event()])))]
        attempts += [asyncio.ensure_future(store.append(ToStream(f"b-{n}", 0, [event()]))) for n in range(3)]
        head = asyncio.ensure_future(store.head())
        await asyncio.to_thread(own.start)
        assert [o.versions for o in await asyncio.gather(*attempts)] == [{"a-1": 2}, {"b-0": 1}, {"b-1": 1}, {"b-2": 1}]
        assert await head >= 1
        assert [e.position for e in await log_of(store)] == [1, 2, 3, 4, 5]


async def test_without_a_server_appends_and_reads_give_up_at_the_deadline(own: PostgresServer, own_url: str) -> None:
    async with opened(own_url + "?deadline_s=0.4") as store:
        await store.append(ToStream("a-1", 0, [event()]))
        await asyncio.to_thread(own.stop)
        with pytest.raises(StoreUnavailable):
            await store.head()
        with pytest.raises(StoreUnavailable, match="Nothing was stored"):
            await store.append(ToStream("a-1", 1, [event()]))
        await asyncio.to_thread(own.start)
        assert await store.head() == 1
        assert (await store.append(ToStream("a-1", 1, [event()]))).position == 2


async def test_an_append_that_was_sent_and_never_answered_is_of_unknown_outcome_and_may_be_repeated(
    own: PostgresServer, own_url: str
) -> None:
    told = event()
    async with opened(own_url + "?deadline_s=0.6") as store:
        await store.append(ToStream("a-1", 0, [event()]))
        async with connected(own_url) as holder:
            transaction = holder.transaction()
            await transaction.start()
            await holder.execute("select leftfold.lock_v1()")
            sent = asyncio.ensure_future(store.append(ToStream("a-1", 1, [told])))
            await somebody_waits(holder)
            await asyncio.to_thread(own.crash)
            with pytest.raises(OutcomeUnknown) as unknown:
                await sent
            assert unknown.value.ids == (told.id,)
        await asyncio.to_thread(own.start)
        again = await store.append(ToStream("a-1", 1, [told]))
        assert (again.position, again.versions) == (2, {"a-1": 2})


@pytest.fixture
def own() -> Iterator[PostgresServer]:
    """A server for one test, which may break it."""
    with postgres_server() as server:
        yield server

"""Transactions on PostgreSQL: cut anywhere they are done once or not at all, and nobody waits for nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import psycopg
import pytest

from leftfold.adapters.postgres import PostgresStore
from leftfold.errors import KeyTaken, OutcomeUnknown
from leftfold.ids import new_id
from leftfold.store import Appended, ToStream
from leftfold.store.transaction import Advance, Delete, Inline, Insert, Point, Put, Rows, RowWrite, Transaction, Write
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to, wired
from tests.adapters.postgres.opened import connected, dsn_of, event, log_of, opened, rows, schema_of, somebody_waits
from tests.adapters.postgres.rowing import COUNTS, SUMMARIES, adding, counted, pointed, row, summary, write

_KILLS = 6
_COMMIT = b"commit\x00"
_OTHERS = """select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'"""

_STEP = Put(table=COUNTS, generation=1, rows={"once": row(1)})
_ID_GIVEN_TO_ANOTHER = (  # the first commit is the end of its server, and whoever asks is told of another transaction
    "create sequence :schema.commits",
    """create function :schema.crash() returns trigger language plpgsql as $$ begin
        if nextval(':schema.commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null; end $$""",
    """create constraint trigger crash after insert or update on :schema.{written} deferrable initially deferred
        for each row execute function :schema.crash()""",
    "alter function pg_catalog.pg_xact_status(xid8) rename to pg_xact_status_of_old",
    "create function pg_catalog.pg_xact_status(xid8) returns text language plpgsql as $$ begin {told} end $$",
)

_PROGRESS = """select (select coalesce(max(position), 0) from leftfold.events)::text
    || (select coalesce(max(position), 0) from leftfold.checkpoints)::text"""


async def _everything(store: PostgresStore) -> dict[str, bytes]:
    return dict(await store.scan(COUNTS))


async def test_a_group_whose_commit_was_not_answered_is_sent_again_and_done_once(
    postgres: PostgresServer, store_url: str
) -> None:
    async with wired(postgres, store_url) as (wire, store):
        await pointed(store, COUNTS)
        wire.lose_answer_to(_COMMIT)
        outcomes = await asyncio.gather(
            *(
                store.transact(counted(f"a-{n}", adding(), writes=[Insert(table=COUNTS, key=f"k{n}", row=row(n))]))
                for n in range(5)
            ),
            store.append(ToStream("b-1", 0, [event()])),
        )
        assert wire.lost == 1
        assert [(each.position, each.repeated) for each in outcomes if each] == [(n, True) for n in range(1, 7)]
        assert await _everything(store) == {"total": row(5), **{f"k{n}": row(n) for n in range(5)}}


@pytest.mark.parametrize("lost", [_COMMIT, b"on conflict", b"begin isolation"])
async def test_a_transaction_without_events_that_was_not_answered_is_done_once(
    postgres: PostgresServer, store_url: str, lost: bytes
) -> None:
    async with wired(postgres, store_url) as (wire, store):
        await pointed(store, COUNTS)
        claim = await store.claim("c", "me", 60)
        assert claim is not None
        wire.lose_answer_to(lost)
        move = Advance(name="c", token=claim.token, position=7, event_id=new_id())
        await write(store, Insert(table=COUNTS, key="once", row=row(1)), move)
        assert wire.lost == 1
        assert await _everything(store) == {"once": row(1)}
        assert await store.reached("c", 7, 0) == 7
        with pytest.raises(KeyTaken):
            await write(store, Insert(table=COUNTS, key="once", row=row(1)))


@pytest.mark.parametrize(
    "said", ["return 'committed';", "raise exception 'transaction is in the future' using errcode = '22023';"]
)
@pytest.mark.parametrize(
    "writes", [Insert(table=COUNTS, key="once", row=row(1)), _STEP, None], ids=["long", "step", ""]
)
async def test_a_follower_is_not_misled_by_an_id_that_a_crashed_server_gives_to_another_transaction(
    lone_url: str, writes: Insert | Put | None, said: str
) -> None:
    async with opened(lone_url) as store:
        await pointed(store, COUNTS)
        claim = await store.claim("c", "me", 60)
        assert claim is not None
        for sql in _ID_GIVEN_TO_ANOTHER:
            await rows(lone_url, sql.replace("{told}", said).replace("{written}", "checkpoints"))
        move = Advance(name="c", token=claim.token, position=7, event_id=new_id())
        await write(store, *((writes, move) if writes else (move,)))
        assert await rows(lone_url, "select last_value from :schema.commits") == [(2,)]
        assert await store.reached("c", 7, 0) == 7
        assert await _everything(store) == ({"once": row(1)} if writes else {})


@pytest.mark.parametrize("said", ["return 'committed';", "return 'aborted';"])
async def test_what_moves_no_checkpoint_is_not_misled_by_an_id_that_a_crashed_server_gives_to_another_transaction(
    lone_url: str, said: str
) -> None:
    async with opened(lone_url) as store:
        await pointed(store, COUNTS)
        for sql in _ID_GIVEN_TO_ANOTHER:
            await rows(lone_url, sql.replace("{told}", said).replace("{written}", '"work_batches"'))
        for number in range(3):
            await write(store, Insert(table=COUNTS, key=f"{number}", row=row(number)))
        assert await rows(lone_url, "select last_value from :schema.commits") == [(4,)]
        assert await _everything(store) == {f"{number}": row(number) for number in range(3)}


async def test_what_transactions_are_known_by_is_one_row_that_goes_with_the_store(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, COUNTS)
        for number in range(3):
            await write(store, Insert(table=COUNTS, key=f"{number}", row=row(number)))
        assert await rows(store_url, "select count(*) from :schema.work_batches") == [(1,)]
    assert await rows(store_url, "select count(*) from :schema.work_batches") == [(0,)]


async def test_a_commit_that_is_not_answered_until_the_deadline_is_told_as_unknown(
    postgres: PostgresServer, store_url: str
) -> None:
    short = store_url.replace("deadline_s=20", "deadline_s=0.5")
    async with opened(short) as direct:
        await pointed(direct, COUNTS)
        async with wire_to(postgres.port) as (wire, port):
            store_over_wire = short.replace(f":{postgres.port}/", f":{port}/")
            async with opened(store_over_wire) as store:
                await write(store, Put(table=COUNTS, rows={"before": row(1)}))
                wire.lose_everything_from(_COMMIT)
                with pytest.raises(OutcomeUnknown):
                    await write(store, Insert(table=COUNTS, key="once", row=row(1)))
        assert await _everything(direct) == {"before": row(1), "once": row(1)}


async def test_a_commit_that_was_not_answered_and_cannot_be_asked_after_is_told_as_unknown(
    postgres: PostgresServer, store_url: str
) -> None:
    short = store_url.replace("deadline_s=20", "deadline_s=0.3")
    async with opened(short) as direct, wire_to(postgres.port) as (wire, port):
        await pointed(direct, COUNTS)
        async with opened(short.replace(f":{postgres.port}/", f":{port}/")) as store:
            wire.lose_everything_from(_COMMIT)
            writing = asyncio.create_task(write(store, Insert(table=COUNTS, key="once", row=row(1))))
            await wire.loses()
            await rows(store_url, "alter table :schema.work_batches rename to others")
            wire.let_through()
            with pytest.raises(OutcomeUnknown):
                await writing
        assert await _everything(direct) == {"once": row(1)}


async def test_a_commit_that_was_not_answered_when_its_store_is_closed_is_told_as_unknown(
    postgres: PostgresServer, store_url: str
) -> None:
    async with opened(store_url) as direct, wire_to(postgres.port) as (wire, port):
        await pointed(direct, COUNTS)
        async with opened(store_url.replace(f":{postgres.port}/", f":{port}/")) as store:
            wire.lose_everything_from(_COMMIT)
            writing = asyncio.create_task(write(store, Insert(table=COUNTS, key="once", row=row(1))))
            await wire.loses()
            await store.close()
            with pytest.raises(OutcomeUnknown):
                await writing
        assert await _everything(direct) == {"once": row(1)}


async def test_a_connection_that_breaks_between_append_and_commit_leaves_nothing_and_all_is_done_again(
    lone_url: str,
) -> None:
    runs = 0

    def cutting(_: Appended, _rows: Rows) -> Sequence[RowWrite]:
        nonlocal runs
        runs += 1
        if runs == 1:
            with psycopg.connect(dsn_of(lone_url), autocommit=True) as killer:
                assert killer.execute(_OTHERS).fetchone() == (1,)
        return [Put(table=COUNTS, rows={"runs": row(runs)})]

    async with opened(lone_url) as store:
        await pointed(store, COUNTS)
        cut = Inline(((COUNTS, ("runs",)),), cutting)
        outcomes = await asyncio.gather(
            store.transact(counted("a-1", adding())),
            store.transact(counted("a-2", adding(), cut, adding())),
            store.append(ToStream("a-3", 0, [event()])),
        )
        assert [(each.position, each.repeated) for each in outcomes if each] == [(1, False), (2, False), (3, False)]
        assert await _everything(store) == {"total": row(3), "runs": row(2)}
        assert len(await log_of(store)) == 3


async def test_a_transaction_without_events_whose_backend_dies_while_it_waits_is_done_again(lone_url: str) -> None:
    async with opened(lone_url) as store, connected(lone_url) as holder:
        await pointed(store, COUNTS)
        await write(store, Put(table=COUNTS, rows={"a": row(1)}))
        async with holder.transaction():
            await holder.execute("select from leftfold_read.counts__1_1 for update")
            writing = asyncio.ensure_future(write(store, Put(table=COUNTS, rows={"a": row(2), "b": row(2)})))
            await holder.execute(
                """do $$ begin while not exists (select from pg_locks where not granted) loop
                perform pg_sleep(0.005); end loop; end $$"""
            )
            assert await holder.fetchval(_OTHERS) == 1
        await writing
        assert await _everything(store) == {"a": row(2), "b": row(2)}


async def test_many_transactions_over_the_same_rows_never_wait_for_each_other_in_a_circle(lone_url: str) -> None:
    order = random.Random(7)
    keys = [f"k{n}" for n in range(20)]

    def writes(n: int) -> list[Write]:
        chosen = order.sample(keys, 12)
        counts: list[Write] = [
            Put(table=COUNTS, rows={key: row(n) for key in chosen[:8]}),
            Delete(table=COUNTS, keys=chosen[8:]),
            Put(table=SUMMARIES, rows={key: summary("x", n) for key in order.sample(keys, 8)}),
        ]
        order.shuffle(counts)
        return counts

    async with opened(f"{lone_url}?pool=8") as store, opened(lone_url) as other:
        await pointed(store, COUNTS)
        await pointed(store, SUMMARIES)
        for table, content in ((COUNTS, row(0)), (SUMMARIES, summary("x"))):
            await write(store, Put(table=table, rows=dict.fromkeys(keys, content)))
        await asyncio.gather(
            *(each.transact(Transaction(writes=writes(n))) for n in range(40) for each in (store, other)),
            *(store.transact(counted(f"a-{n}", writes=writes(n))) for n in range(40)),
        )
    assert await rows(lone_url, "select deadlocks from pg_stat_database where datname = current_database()") == [(0,)]


async def test_without_events_nobody_waits_for_who_appends_but_a_point_at_the_head(store_url: str) -> None:
    async with opened(store_url) as store, connected(store_url) as holder:
        await pointed(store, COUNTS)
        async with holder.transaction():
            await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
            async with asyncio.timeout(10):
                await pointed(store, COUNTS, 2)
                await write(store, Put(table=COUNTS, rows={"a": row(1)}))
                at_head = asyncio.ensure_future(write(store, Point(table=COUNTS, generation=1, at_head=0)))
                await somebody_waits(holder)
                await write(store, Put(table=COUNTS, rows={"b": row(1)}))
            assert not at_head.done()
        await at_head
        assert await store.generation(COUNTS) == 1
        assert sorted(await store.get(COUNTS, ["a", "b"], generation=2)) == ["a", "b"]


@pytest.mark.parametrize("with_events", [True, False])
async def test_a_switch_and_a_writer_never_pass_each_other(store_url: str, with_events: bool) -> None:
    def writing() -> Transaction:
        put = Put(table=COUNTS, rows={"a": row(1)})
        return counted("a-1", writes=[put]) if with_events else Transaction(writes=[put])

    tables = "select {0}.tables_v1(array['counts'], array[1], {1})"
    async with opened(store_url) as store, connected(store_url) as holder:
        await pointed(store, COUNTS)
        await store.prepare(COUNTS, 2)
        async with holder.transaction():  # a switch that has begun: who writes waits, and writes where it led
            await holder.execute(tables.format(schema_of(store_url), "true"))
            written = asyncio.ensure_future(store.transact(writing()))
            await somebody_waits(holder)
            at = "where name = 'counts' and generation ="
            for generation, active in ((1, "false"), (2, "true")):
                await holder.execute(f"update {schema_of(store_url)}.tables set active = {active} {at} {generation}")
        await written
        assert await store.get(COUNTS, ["a"]) == await store.get(COUNTS, ["a"], generation=2) == {"a": row(1)}
        assert await store.get(COUNTS, ["a"], generation=1) == {}
        async with holder.transaction():  # a writer that has begun: the switch waits
            await holder.execute(tables.format(schema_of(store_url), "false"))
            switched = asyncio.ensure_future(write(store, Point(table=COUNTS, generation=1)))
            await somebody_waits(holder)
            assert await store.generation(COUNTS) == 2
        await switched
        assert await store.generation(COUNTS) == 1


async def test_what_is_written_is_durable_even_where_the_database_would_not_wait_for_its_disk(lone_url: str) -> None:
    noted = """
        create table noted (place text, setting text);
        create function note() returns trigger language plpgsql as
            'begin insert into public.noted values (tg_table_name, current_setting(''synchronous_commit''));
            return new; end';
        create trigger note after insert or update on leftfold_read.counts__1_1
            for each statement execute function note();
        create trigger note after insert or update on leftfold.checkpoints for each statement execute function note();
        do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$"""
    async with opened(lone_url) as store:
        await pointed(store, COUNTS)
    async with connected(lone_url) as owner:
        await owner.execute(noted)
    async with opened(lone_url) as store:
        await store.transact(counted("a-1", adding()))
        await write(store, Put(table=COUNTS, rows={"a": row(1)}))
        assert await store.claim("c", "me", 60) is not None
    assert await rows(lone_url, "select distinct place, setting from noted order by 1") == [
        ("checkpoints", "on"),
        ("counts__1_1", "on"),
    ]
    assert await rows(lone_url, "show synchronous_commit") == [("off",)]


async def test_rows_are_there_exactly_once_while_backends_are_killed(lone_url: str) -> None:
    done, kills = asyncio.Event(), 0

    async def kill() -> None:
        """Kill after each progress."""
        nonlocal kills
        seen = ""
        async with connected(lone_url) as killer:
            while not done.is_set():
                if (reached := str(await killer.fetchval(_PROGRESS))) != seen:
                    await killer.execute("select pg_sleep(0.004 * random())")
                    if killed := await killer.fetchval(_OTHERS):
                        kills, seen = kills + killed, reached

    async def follow(store: PostgresStore) -> None:
        claim = await store.claim("c", "me", 600)
        assert claim is not None
        for n in range(1, 41):
            move = Advance(name="c", token=claim.token, position=n, event_id=new_id())
            await write(store, Insert(table=COUNTS, key=f"step-{n}", row=row(n)), move)

    async with opened(lone_url) as store:
        await pointed(store, COUNTS)
        killing = asyncio.ensure_future(kill())
        try:
            await asyncio.gather(
                *(store.transact(counted(f"a-{n % 7}", adding())) for n in range(60)),
                follow(store),
            )
            n = 60
            while n < 100 or (kills < _KILLS and not killing.done()):
                await store.transact(counted(f"a-{n % 7}", adding()))
                n += 1
        finally:
            done.set()
        await killing
        assert kills >= _KILLS
        there = await _everything(store)
        assert there.pop("total") == row(n)
        assert there == {f"step-{step}": row(step) for step in range(1, 41)}
        assert len(await log_of(store)) == n
        assert await store.reached("c", 40, 0) == 40

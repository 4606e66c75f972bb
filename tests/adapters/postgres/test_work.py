"""Work on PostgreSQL: what waits together shares a commit, cut anywhere it is done once, what sleeps costs nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest
from msgspec.structs import replace

from leftfold.adapters.postgres import PostgresStore, open_postgres, work_news
from leftfold.errors import Fenced, KeyTaken, NotAtHead, OutcomeUnknown, StoreBusy, StoreUnavailable
from leftfold.store import AT_ONCE, KEEP, Begin, End, Hold, Keep, Revise, Transaction, WorkItem
from leftfold.store.events import Appended
from leftfold.store.transaction import Point
from leftfold.store.work import Wake, WorkWrite
from leftfold.store.work_paging import work_pages
from leftfold.testing.conformance import Later, check_work_against_reference
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import Wire, wire_to, wired
from tests.adapters.postgres.opened import (
    connected,
    done_or_waiting,
    log_of,
    opened,
    rows,
    schema_of,
    somebody_waits,
    statistics_told,
)
from tests.adapters.postgres.rowing import COUNTS, adding, counted, pointed

_LONG_S = 60.0
_KILL = """select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'"""
_FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
async def over_wire(postgres: PostgresServer, store_url: str) -> AsyncIterator[tuple[Wire, PostgresStore]]:
    async with wired(postgres, store_url) as both:
        yield both


def _begin(id: str, wake: Wake = None, *, queue: str = "q", n: int = 0, unless_there: bool = False) -> Begin:
    return Begin(id=id, queue=queue, status="on", state=b'{"n":%d}' % n, wake=wake, unless_there=unless_there)


def _revise(id: str, token: int, wake: Wake | Keep = None) -> Revise:
    return Revise(id=id, token=token, status="on", state=b'{"n":%d}' % token, wake=wake)


def _keep(id: str, token: int, wake: Keep | None = KEEP) -> Revise:
    return replace(_revise(id, token, wake), owner="me")


async def _write(store: PostgresStore, *writes: WorkWrite) -> None:
    assert await store.transact(Transaction(writes=writes)) is None


async def _all(store: PostgresStore) -> Sequence[WorkItem]:
    return await store.find_work(limit=10_000)


async def _batches(url: str) -> list[int]:
    return [batch for (batch,) in await rows(url, "select batch from :schema.work_batches")]


def _kinds(outcomes: Sequence[object]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


@pytest.mark.parametrize("examples", [12, pytest.param(150, marks=pytest.mark.long)])
def test_any_sequence_of_writes_and_claims_agrees_with_the_reference(
    store_url: str, later: Later, examples: int
) -> None:
    check_work_against_reference(lambda: open_postgres(store_url), later, examples=examples)


async def test_what_waits_together_is_one_batch_and_each_gets_its_own_verdict(store_url: str) -> None:
    async with opened(store_url) as store:
        outcomes = await asyncio.gather(
            *(_write(store, _begin(f"a{n}")) for n in range(40)),
            _write(store, _begin("b"), _begin("c"), _revise("absent", 1)),
            _write(store, _begin("d"), _begin("e")),
            return_exceptions=True,
        )
        assert _kinds(outcomes) == [type(None)] * 40 + [Fenced, type(None)]
        assert await _batches(store_url) == [1]
        assert [item.id for item in await _all(store)] == sorted(["d", "e", *(f"a{n}" for n in range(40))])
        outcomes = await asyncio.gather(
            *(_write(store, _revise(f"a{n}", 1 + n % 2)) for n in range(40)),
            _write(store, _begin("e")),
            _write(store, End(id="d", token=1)),
            return_exceptions=True,
        )
        assert _kinds(outcomes) == [type(None), Fenced] * 20 + [KeyTaken, type(None)]
        assert await _batches(store_url) == [2]
    assert await _batches(store_url) == [], "who closes leaves nothing behind"


async def test_what_a_client_that_crashed_left_behind_is_forgotten_after_a_day(store_url: str) -> None:
    left = "insert into :schema.work_batches values (gen_random_uuid(), 7, null, null, now() - interval '{}')"
    async with opened(store_url) as store:
        await rows(store_url, left.format("25 hours"))
        await rows(store_url, left.format("23 hours"))
        await _write(store, _begin("a"))
    assert await _batches(store_url) == [7]


async def test_a_batch_that_was_not_answered_is_done_once_and_each_gets_its_own_verdict(
    over_wire: tuple[Wire, PostgresStore], store_url: str
) -> None:
    wire, store = over_wire
    await _write(store, *(_begin(id) for id in ("a", "b", "c", "d")))
    wire.lose_answer_to(b"lost-me")
    outcomes = await asyncio.gather(
        _write(store, _revise("a", 1)),
        _write(store, End(id="b", token=1)),
        _write(store, _begin("lost-me")),
        _write(store, _begin("c")),
        _write(store, _revise("d", 2)),
        _write(store, _revise("c", 1), End(id="gone", token=1)),
        return_exceptions=True,
    )
    assert wire.lost == 1
    assert _kinds(outcomes) == [type(None)] * 3 + [KeyTaken, Fenced, Fenced]
    assert [(item.id, item.token) for item in await _all(store)] == [("a", 2), ("c", 1), ("d", 1), ("lost-me", 1)]
    await _write(store, _revise("a", 2))
    assert await _batches(store_url) == [4], "the one about an item that was in the batch already came after it"


async def test_who_works_alone_and_was_not_answered_has_written_once_and_gets_the_verdict(
    over_wire: tuple[Wire, PostgresStore], store_url: str
) -> None:
    id = "lost-me"
    wire, store = over_wire
    await _write(store, _begin("first"))
    again = _begin(id, n=9, unless_there=True)
    for write in (_begin(id), again, _revise(id, 1), _revise(id, 2, AT_ONCE), End(id=id, token=3), _begin(id)):
        wire.lose_answer_to(id.encode())
        await _write(store, write)
    for write, error in ((_begin(id), KeyTaken), (_revise(id, 2), Fenced), (End(id=id, token=2), Fenced)):
        wire.lose_answer_to(id.encode())
        with pytest.raises(error):
            await _write(store, write)
    assert wire.lost == 9
    assert await _batches(store_url) == [10]
    [_, kept] = await _all(store)
    assert (kept.token, kept.state) == (1, b'{"n":0}')


@pytest.mark.parametrize("wake", [KEEP, None])
async def test_who_keeps_what_he_holds_or_lets_it_rest_and_was_not_answered_has_written_once_and_gets_the_verdict(
    over_wire: tuple[Wire, PostgresStore], wake: Keep | None
) -> None:
    id = "lost-me"
    wire, store = over_wire
    await _write(store, _begin(id, Hold("me", 600)))
    for token in (1, 2, 3):
        wire.lose_answer_to(id.encode())
        await _write(store, _keep(id, token, wake))
    for wrong, error in ((2, OutcomeUnknown), (3, Fenced), (4, type(None)), (6, OutcomeUnknown), (2**70, Fenced)):
        wire.lose_answer_to(id.encode())
        write = _write(store, replace(_keep(id, wrong, wake), state=b'{"other":%d}' % wrong))
        [outcome] = await asyncio.gather(write, return_exceptions=True)
        assert type(outcome) is error, wrong
    assert wire.lost == 8
    [kept] = await _all(store)
    assert (kept.token, kept.state, kept.owner) == (5, b'{"other":4}', "me" if wake is KEEP else None)
    assert (kept.wake_at is None) == (wake is None)


@pytest.mark.parametrize(
    ("wake", "others", "verdict"),
    [
        *(
            (wake, others, verdict)
            for wake in (KEEP, None)
            for others, verdict in (("before", Fenced), ("", type(None)))
        ),
        (KEEP, "after", OutcomeUnknown),
        *((wake, others, OutcomeUnknown) for wake in (KEEP, None) for others in ("end it", "begin it anew")),
    ],
)
async def test_who_writes_what_he_held_and_was_not_answered_is_told_what_can_be_known(
    over_wire: tuple[Wire, PostgresStore], store_url: str, later: Later, wake: Keep | None, others: str, verdict: type
) -> None:
    """Others claim the item before or after the write that is not answered, or end it, and begin one by its id."""
    id, (wire, store) = "lost-me", over_wire
    async with opened(store_url) as other:
        await _write(store, _begin(id, Hold("me", 600), n=1))  # a claim leaves it in the state that is written here
        await later(601)
        if others == "before":
            assert len(await other.claim_due(["q"], "you", 600)) == 1
        wire.lose_everything_from(id.encode())
        write = asyncio.create_task(_write(store, _keep(id, 1, wake)))
        async with asyncio.timeout(_LONG_S):
            await wire.loses()
        if others == "after":
            assert len(await other.claim_due(["q"], "you", 600)) == 1
        elif others != "before" and others:
            await _write(other, End(id=id, token=2))
        if others == "begin it anew":
            await _write(other, _begin(id, Hold("you", 600), n=7))
        wire.let_through()
        [outcome] = await asyncio.gather(write, return_exceptions=True)
        assert type(outcome) is verdict
        assert verdict is not OutcomeUnknown or str(outcome).endswith("Look at what is stored, and decide again")
        there = [(item.token, item.owner, item.state) for item in await _all(other)]
        assert others != "begin it anew" or there == [(1, "you", b'{"n":7}')]


async def test_what_is_not_answered_until_the_deadline_is_told_as_unknown(
    postgres: PostgresServer, store_url: str
) -> None:
    short = store_url.replace("deadline_s=20", "deadline_s=0.5")
    async with opened(short) as direct, wire_to(postgres.port) as (wire, port):
        async with opened(short.replace(f":{postgres.port}/", f":{port}/")) as store:
            await _write(store, _begin("lost-me"), _begin("b"))
            wire.lose_everything_from(b"lost-me")
            outcomes = await asyncio.gather(
                _write(store, _revise("lost-me", 1)), _write(store, _revise("b", 9)), return_exceptions=True
            )
            assert _kinds(outcomes) == [OutcomeUnknown] * 2
            with pytest.raises(StoreUnavailable):
                await _write(store, _revise("b", 1))
        assert [(item.id, item.token) for item in await _all(direct)] == [("b", 1), ("lost-me", 2)]


async def test_what_was_not_answered_and_cannot_be_asked_after_is_told_as_unknown(
    postgres: PostgresServer, store_url: str
) -> None:
    short = store_url.replace("deadline_s=20", "deadline_s=0.3")
    async with opened(short) as direct, wire_to(postgres.port) as (wire, port):
        async with opened(short.replace(f":{postgres.port}/", f":{port}/")) as store:
            await _write(store, _begin("first"))
            wire.lose_everything_from(b"lost-me")
            writing = asyncio.create_task(_write(store, _begin("lost-me")))
            await wire.loses()
            await rows(store_url, "alter table :schema.work_batches rename to others")
            wire.let_through()
            with pytest.raises(OutcomeUnknown):
                await writing
        assert [item.id for item in await _all(direct)] == ["first", "lost-me"]


async def test_a_batch_that_arrives_late_does_nothing(store_url: str) -> None:
    write = "json_build_object('n', 0, 'unit', 0, 'kind', 0, 'id', '{}', 'queue', 'q', 'status', 'on', 'state', '{{}}')"
    client = "'00000000-0000-0000-0000-000000000001'"
    sql = f"select :schema.work_write_v1({client}, {{}}, json_build_array({write}), false)"
    await rows(store_url, sql.format(3, "a"))
    for late in (3, 2):
        with pytest.raises(asyncpg.SerializationError, match="written already"):
            await rows(store_url, sql.format(late, "b"))
    await rows(store_url, sql.format(4, "c"))
    assert await rows(store_url, "select id from :schema.work order by id") == [("a",), ("c",)]


async def test_every_step_is_written_once_while_backends_are_killed(lone_url: str) -> None:
    done = asyncio.Event()

    async def kill() -> int:
        """Kill after each progress."""
        kills, seen = 0, 0
        async with connected(lone_url) as killer:
            while not done.is_set():
                written = int(await killer.fetchval("select coalesce(sum(token), 0) from leftfold.work"))
                await killer.execute("select pg_sleep(0.003 * random())")
                if written > seen and (killed := await killer.fetchval(_KILL)):
                    kills, seen = kills + killed, written
        return kills

    async def carry_out(store: PostgresStore, id: str) -> None:
        await _write(store, _begin(id, Hold("me", 600)))
        for token in range(1, 9):
            await _write(store, _revise(id, token, Hold("me", 600)), _begin(f"{id} {token}", _FAR))
        for token in range(9, 13):
            await _write(store, _keep(id, token))
        await _write(store, End(id=f"{id} 1", token=1))

    async with opened(lone_url) as store:
        killing = asyncio.ensure_future(kill())
        try:
            await asyncio.gather(*(carry_out(store, f"{n}") for n in range(12)))
            for n in range(12, 24):
                await carry_out(store, f"{n}")
        finally:
            done.set()
        assert await killing > 5
        there = [(item.id, item.token) for item in await _all(store)]
        sagas = [(f"{n}", 13) for n in range(24)]
        assert there == sorted([*sagas, *((f"{n} {token}", 1) for n in range(24) for token in range(2, 9))])


async def test_who_is_refused_twice_is_told_of_the_first_though_that_item_was_written_before(store_url: str) -> None:
    async with opened(store_url) as store:
        await _write(store, _begin("a"), _begin("c"))
        [first, second] = await asyncio.gather(
            store.transact(counted("s-1", writes=[_revise("a", 1)])),
            store.transact(counted("s-2", writes=[_revise("a", 9), _revise("c", 9)])),
            return_exceptions=True,
        )
        assert isinstance(first, Appended)
        assert isinstance(second, Fenced)
        assert second.name == "a"


async def test_work_waits_for_nobody_who_appends_but_with_events_it_does(store_url: str) -> None:
    async with opened(store_url) as store, connected(store_url) as holder:
        await pointed(store, COUNTS)
        async with holder.transaction():
            await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
            stored = asyncio.ensure_future(
                store.transact(counted("a-1", adding(), writes=[_begin("a", AT_ONCE), _revise("b", 1)]))
            )
            await somebody_waits(holder)
            async with asyncio.timeout(10):
                await _write(store, _begin("b"))
                assert await store.claim_due(["q"], "me", 60) == []
            assert not stored.done()
        assert await stored is not None
        assert [(item.id, item.token) for item in await _all(store)] == [("a", 1), ("b", 2)]
        assert len(await log_of(store)) == 1


async def test_who_waits_for_an_item_that_is_locked_for_long_is_told_at_the_deadline(store_url: str) -> None:
    async with opened(store_url.replace("deadline_s=20", "deadline_s=0.3")) as store, connected(store_url) as holder:
        await _write(store, _begin("a", AT_ONCE), _begin("b", AT_ONCE))
        async with holder.transaction():
            await holder.execute(f"select from {schema_of(store_url)}.work where id = 'a' for update")
            assert [item.id for item in await store.claim_due(["q"], "me", 60)] == ["b"], "a claim passes over it"
            with pytest.raises(StoreBusy):
                await _write(store, _revise("a", 1))
        await _write(store, _revise("a", 1))


async def test_candidates_that_others_lock_do_not_hide_what_is_due_behind_them(store_url: str) -> None:
    async with opened(store_url) as store, connected(store_url) as holder:
        await _write(store, *(_begin(f"{n:02}", AT_ONCE) for n in range(30)))
        async with holder.transaction():
            await holder.execute(f"select from {schema_of(store_url)}.work where id < '20' for update")
            assert [item.id for item in await store.claim_due(["q", "r"], "me", 60, 3)] == ["20", "21", "22"]
            assert len(await store.claim_due(["q", "r"], "me", 60, 32)) == 7
            assert await store.claim_due(["q", "r"], "me", 60) == []
        assert len(await store.claim_due(["q"], "me", 60)) == 20


async def test_many_who_write_the_same_items_never_wait_for_each_other_in_a_circle(lone_url: str) -> None:
    order = random.Random(11)
    ids = [f"{n:02}" for n in range(12)]

    async def contend(store: PostgresStore, n: int) -> None:
        for _ in range(12):
            there = await store.work(order.sample(ids, 6))
            writes: list[WorkWrite] = [_revise(item.id, item.token, AT_ONCE) for item in there.values()]
            writes += [_begin(id, AT_ONCE, unless_there=True) for id in order.sample(ids, 3) if id not in there]
            order.shuffle(writes)
            transaction = counted(f"a-{n}", writes=writes) if n % 3 == 0 else Transaction(writes=writes)
            outcome = await asyncio.gather(store.transact(transaction), return_exceptions=True)
            assert isinstance(outcome[0], Fenced) or not isinstance(outcome[0], BaseException), outcome
            claimed = await store.claim_due(["q"], f"worker {n}", 0.001, 4)
            await store.extend({item.id: item.token for item in claimed}, f"worker {n}", 0.001)

    async with opened(lone_url) as store, opened(lone_url) as other:
        await _write(store, *(_begin(id, AT_ONCE) for id in ids))
        await asyncio.gather(*(contend((store, other)[n % 2], n) for n in range(12)))
    assert await _deadlocks(lone_url) == 0


async def test_what_is_new_comes_after_what_is_there_in_everybodys_order(lone_url: str) -> None:
    """A batch begins one item and is stopped before the last; who holds the last begins the same one."""
    batch: list[WorkWrite] = [_begin("a"), _revise("b", 1), _revise("c", 1)]
    await _meet(lone_url, [Transaction(writes=[write]) for write in batch], [_begin("a"), _revise("c", 1)])


async def test_members_of_one_group_that_write_the_same_item_keep_to_everybodys_order(lone_url: str) -> None:
    """The second writes what the first has, and then what comes before it."""
    second = [_revise("c", 2), _revise("b", 1), _revise("bb", 1)]
    group = [counted("a-1", writes=[_revise("c", 1)]), counted("a-2", writes=second)]
    await _meet(lone_url, group, [_revise("bb", 1), _revise("c", 1)])


async def test_of_work_that_is_refused_it_is_not_said_before_what_comes_first(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, COUNTS)
        await _write(store, _begin("a"), _begin("b"))
        first = Point(table=COUNTS, generation=1, at_head=7)
        with pytest.raises(NotAtHead):
            await store.transact(Transaction(writes=[_revise("b", 1), first, _begin("a")]))
        with pytest.raises(Fenced):
            await store.transact(Transaction(writes=[_revise("b", 2), first, _begin("a")]))


async def _meet(url: str, first: Sequence[Transaction], second: Sequence[WorkWrite]) -> None:
    """Let *first* wait for the item b, which is held until *second* is written or waits too; nobody has to give way."""
    async with opened(url) as store, opened(url) as other, connected(url) as holder:
        await _write(store, *(_begin(id) for id in ("b", "bb", "c")))
        async with holder.transaction():
            await holder.execute("select from leftfold.work where id = 'b' for update")
            held = asyncio.gather(*(store.transact(each) for each in first), return_exceptions=True)
            await done_or_waiting(holder, 1, held.done)
            late = asyncio.ensure_future(_write(other, *second))
            await done_or_waiting(holder, 2, late.done)
        await late
        outcomes = await held
        assert set(map(type, outcomes)) <= {KeyTaken, Fenced, Appended, type(None)}, outcomes
    assert await _deadlocks(url) == 0


async def _deadlocks(url: str) -> int:
    await statistics_told(url)
    [(count,)] = await rows(url, "select deadlocks from pg_stat_database where datname = current_database()")
    return int(count)


async def test_work_is_durable_even_where_the_database_would_not_wait_for_its_disk(lone_url: str) -> None:
    noted = """
        create table noted (what text, setting text);
        create function note() returns trigger language plpgsql as
            'begin insert into public.noted values (tg_op, current_setting(''synchronous_commit'')); return null; end';
        create trigger note after insert or update or delete on leftfold.work for each row execute function note();
        do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$"""
    async with connected(lone_url) as owner:
        await owner.execute(noted)
    async with opened(lone_url) as store:
        await _write(store, _begin("a", AT_ONCE))
        [item] = await store.claim_due(["q"], "me", 60)
        await store.transact(counted("a-1", writes=[_revise("a", item.token)]))
        await _write(store, End(id="a", token=3))
    assert await rows(lone_url, "select what, setting from noted") == [
        ("INSERT", "on"),
        ("UPDATE", "on"),
        ("UPDATE", "on"),
        ("DELETE", "on"),
    ]
    assert await rows(lone_url, "show synchronous_commit") == [("off",)]


async def test_what_sleeps_and_what_is_of_other_queues_costs_nothing(lone_url: str) -> None:
    async with connected(lone_url) as owner:
        await owner.execute("alter table leftfold.work set (autovacuum_enabled = off); analyze leftfold.work")
    fill = """insert into leftfold.work select 'x' || n, case n % 2 when 0 then 'q' else 'unknown' end, 'on', '{}', 1,
        null, now() + case n % 2 when 0 then interval '1 day' else interval '-1 day' end, now(), now()
        from generate_series(1, 100000) n"""
    read = """select (select sum(seq_tup_read) from pg_stat_user_tables where relname = 'work'),
        (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'work')"""

    async def use(store: PostgresStore, n: int) -> None:
        await _write(store, _begin(f"a{n}", AT_ONCE), _begin(f"b{n}", AT_ONCE))
        await store.await_work(["q", "r"], 0)
        claimed = await store.claim_due(["q", "r"], "me", 600)
        assert [item.id for item in claimed] == [f"a{n}", f"b{n}"]
        await store.extend({item.id: item.token for item in claimed}, "me", 600)
        await _write(store, _revise(f"a{n}", 2), End(id=f"b{n}", token=2))
        await asyncio.gather(
            _write(store, _revise(f"a{n}", 3)), _write(store, _revise(f"b{n}", 3)), return_exceptions=True
        )
        await store.transact(counted(f"s-{n}", writes=[End(id=f"a{n}", token=4)]))
        assert await store.claim_due(["q", "r"], "me", 600) == []

    async with opened(lone_url + "?pool=1") as store:
        for n in range(12):  # past the runs after which a plan is kept for good
            await use(store, n)
        await rows(lone_url, fill)
        for n in range(12, 24):
            await use(store, n)
    await statistics_told(lone_url)
    [(sequential, indexed)] = await rows(lone_url, read)
    assert sequential == 0
    assert indexed < 2_000


async def test_a_list_of_work_reads_the_next_items_and_those_of_its_kinds_and_no_table(lone_url: str) -> None:
    async with connected(lone_url) as owner:
        await owner.execute("alter table leftfold.work set (autovacuum_enabled = off); analyze leftfold.work")
    await rows(
        lone_url,
        """insert into leftfold.work select 'x' || n, case n % 2 when 0 then 'q' else 'unknown' end,
        case n % 10000 when 0 then 'stuck' else 'done' end, '{}', 1, null, null, now(), now()
        from generate_series(1, 100000) n""",
    )
    async with opened(lone_url + "?pool=1") as store:
        for _ in range(12):  # past the runs after which a plan is kept for good
            assert len(await store.find_work(queues="q", statuses=["stuck"])) == 10
            assert len(await store.find_work(queues="q", after="x5", limit=20)) == 20
            assert len(await store.find_work(limit=20)) == 20
    await statistics_told(lone_url)
    read = """select (select sum(seq_tup_read) from pg_stat_user_tables where relname = 'work'),
        (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'work')"""
    [(sequential, indexed)] = await rows(lone_url, read)
    assert sequential == 0
    assert indexed < 12 * 5_000, "the next 4,000, and those of its kind"


async def test_a_list_of_many_kinds_is_not_put_together_of_all_of_them(lone_url: str) -> None:
    await rows(
        lone_url,
        """insert into leftfold.work select 'x' || n, 'q' || n % 500, case n % 2 when 0 then 'on' else 'done' end, '{}',
        1, null, null, now(), now() from generate_series(1, 10000) n""",
    )
    async with opened(lone_url + "?pool=1") as store:
        found = [item.id async for page in work_pages(store, "q", ["on"], limit=100) for item in page]
    assert len(found) == 5_000
    await statistics_told(lone_url)
    [(indexed,)] = await rows(lone_url, "select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'work'")
    assert indexed < 50_000


async def test_writes_that_keep_lease_and_status_touch_no_index(lone_url: str) -> None:
    async with opened(lone_url) as store:
        await _write(store, *(_begin(id, Hold("me", 600)) for id in "abc"))
        for token in (1, 2):
            await _write(store, _revise("a", token, KEEP) if token == 1 else _keep("a", token))
            await asyncio.gather(_write(store, _revise("b", token, KEEP)), _write(store, _revise("c", token, KEEP)))
        await store.transact(counted("s-1", writes=[_revise("a", 3, KEEP)]))
        await _write(store, _revise("b", 3, Hold("me", 600)))
    await statistics_told(lone_url)
    counts = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'work'"
    assert await rows(lone_url, counts) == [(8, 7)], "all but the one that holds it anew"


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_news, "WORK_LOOK_S", _LONG_S)


@pytest.mark.usefixtures("never_looks")
async def test_work_that_another_store_writes_is_heard_without_looking(store_url: str) -> None:
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for n in range(10):
            waiting = asyncio.ensure_future(store.await_work(["q"], _LONG_S))
            elsewhere = asyncio.ensure_future(store.await_work(["elsewhere"], _LONG_S))
            await _write(other, _begin(f"{n}", AT_ONCE))
            await waiting
            [item] = await store.claim_due(["q"], "me", 600)
            waiting = asyncio.ensure_future(store.await_work(["q"], _LONG_S))
            await other.transact(counted("a-1", writes=[_revise(item.id, item.token, AT_ONCE)]))
            await waiting
            assert len(await store.claim_due(["q"], "me", 600)) == 1
            assert not elsewhere.done()
            elsewhere.cancel()


@pytest.mark.usefixtures("never_looks")
async def test_a_listener_that_was_cut_hears_of_work_again(store_url: str) -> None:
    cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen %work%'"
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for n in range(2):
            waiting = asyncio.ensure_future(store.await_work(["q"], _LONG_S))
            while await rows(store_url, cut) == [(0,)]:
                assert not waiting.done()
            await _write(other, _begin(f"{n}", AT_ONCE))
            await waiting
            assert len(await store.claim_due(["q"], "me", 600)) == 1


async def test_who_waits_while_nothing_happens_looks_once_a_second(store_url: str) -> None:
    await rows(store_url, "create sequence :schema.looks")
    counting = "select pg_catalog.clock_timestamp() from (select nextval('{}.looks')) n"
    await rows(
        store_url,
        "create or replace function :schema.now_v1() returns timestamptz language sql volatile as "
        f"$${counting.format(schema_of(store_url))}$$",
    )
    async with opened(store_url) as store:
        await _write(store, _begin("a", _FAR), _begin("b"), _begin("c", Hold("me", 600)))
        [(before,)] = await rows(store_url, "select last_value from :schema.looks")
        await asyncio.gather(*(store.await_work(["q"], 2.5) for _ in range(2)))
        [(after,)] = await rows(store_url, "select last_value from :schema.looks")
    assert 2 * 3 <= after - before <= 2 * 5

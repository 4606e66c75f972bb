"""Work in a file: in the commits of everything else, found without a search, and torn by no crash."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, open_sqlite
from leftfold.adapters.sqlite.work import ALL, CHOSEN, CLAIMABLE, COUNTED, NEAR, NEXT_DUE, SqliteWork
from leftfold.adapters.sqlite.work_writing import KEPT
from leftfold.errors import Fenced, KeyTaken
from leftfold.store import Appended, Begin, End, Hold, Revise, ToStream, Transaction
from leftfold.testing import ManualClock
from leftfold.testing.conformance import check_work_against_reference
from leftfold.testing.conformance.stores import FullStore
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, all_work, begin, begun, ids_of, item_of, revise
from tests.adapters.sqlite.opened import BEGIN, connected, event, opened, stepping, traced, url_of
from tests.adapters.sqlite.tabled import write
from tests.adapters.sqlite.test_busy import held
from tests.conftest import ROOT

_MANY = 100_000
_FILL = f"""
with recursive n (n) as (select 1 union all select n + 1 from n where n < {_MANY})
insert into work select ? || n, ?, 'running', '{{}}', 1, ?, ?, 0, 0 from n"""
_NOW = 10**15


class _RunningClock:
    """The machine's clock, so much ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def test_any_sequence_of_work_agrees_with_the_reference(tmp_path: Path) -> None:
    clock = _RunningClock()

    async def open_one() -> FullStore:
        return await open_sqlite(url_of(tmp_path / "store.db", durability="normal"), clock=clock)

    async def move(seconds: float) -> None:
        clock.ahead += timedelta(seconds=seconds)

    check_work_against_reference(open_one, move)


async def test_appends_and_work_of_one_tick_share_a_commit_in_which_only_the_refused_fail(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        item = await begun(store, "a", None)
        statements = traced(store)
        outcomes = await asyncio.gather(
            store.append(ToStream("s-1", 0, [event()])),
            write(store, begin("b")),
            write(store, begin("a")),
            write(store, End(id="a", token=7)),
            write(store, revise(item, None)),
            write(store, revise(item, None)),
            write(store, begin("torn"), begin("a")),
            store.transact(Transaction(parts=[ToStream("s-2", 0, [event()])], writes=[begin("c"), begin("d")])),
            store.transact(Transaction(parts=[ToStream("s-3", 0, [event()])], writes=[begin("torn"), revise(item)])),
            write(store, begin("e"), End(id="b", token=1)),
            return_exceptions=True,
        )
        done = type(None)
        assert [type(outcome) for outcome in outcomes] == [
            *(Appended, done, KeyTaken, Fenced, done, Fenced, KeyTaken, Appended, Fenced, done)
        ]
        assert statements.count(BEGIN) == 1
        assert [(each.id, each.token) for each in await all_work(store)] == [("a", 2), ("c", 1), ("d", 1), ("e", 1)]
        assert await store.head() == 2


async def test_work_that_is_alone_is_committed_in_its_own_tick(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        writing = asyncio.ensure_future(write(store, begin("a")))
        for _ in range(3):
            await asyncio.sleep(0)
        assert writing.done()


def _schema(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript(SqliteSchema(SqliteLocation(path=path)).script())
    return connection


def _steps(connection: sqlite3.Connection, sql: str, values: Mapping[str, str | int | None]) -> int:
    """How many steps of its machine SQLite does for a query."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, 1)
    connection.execute(sql, values).fetchall()
    connection.set_progress_handler(None, 0)
    return steps


def test_what_sleeps_what_is_for_others_and_what_waits_behind_costs_nothing(tmp_path: Path) -> None:
    connection = _schema(tmp_path / "store.db")
    asked = '["here", "there"]'

    def cost() -> tuple[int, int]:
        claiming: dict[str, str | int | None] = {"queues": asked, "now": _NOW, "most": 32}
        return _steps(connection, CLAIMABLE, claiming), _steps(connection, NEXT_DUE, {"queues": asked})

    for queue in ("here", "there"):
        for owner in (None, "me"):
            values = (f"{queue} {owner}", queue, owner, _NOW + 1)
            connection.execute("insert into work values (?, ?, 'on', '{}', 1, ?, ?, 0, 0)", values)
    idle = cost()
    for kind, queue, owner, wake_at in (
        ("sleeping", "here", None, _NOW + 2),
        ("held", "here", "me", _NOW + 2),
        ("never", "here", None, None),
        ("unknown", "somewhere", None, 1),
        ("unknown too", "hereafter", None, 1),
    ):
        connection.execute(_FILL, (f"{kind} ", queue, owner, wake_at))
    assert cost() == idle
    connection.execute(_FILL, ("due", "here", None, 5))
    connection.execute(_FILL, ("dead", "here", "you", 5))
    claiming, waiting = cost()
    assert waiting == idle[1]
    assert claiming < 5_000, "what is asked for, not all that is due"
    connection.close()


def test_a_page_costs_the_same_however_much_stands_before_and_behind_it(tmp_path: Path) -> None:
    connection = _schema(tmp_path / "store.db")
    kinds = (("a/1", "done"), ("a/1", "on"), ("a/2", "done"))
    fill = "insert into work values (?, ?, ?, '{}', 1, null, null, 0, 0)"

    def costs() -> list[int]:
        places = [(after, wanted) for after in ("", "00900") for wanted in (None, '["on"]', '["none"]')]
        asked = [
            {"low": "a", "below": "b", "start": after, "statuses": wanted, "most": 20, "near": 160}
            for after, wanted in places
        ]
        return [_steps(connection, sql, values) for sql in (NEAR, CHOSEN) for values in asked]

    rows = [(f"{n:05d}", *kinds[n % 3]) for n in range(3_000)]
    connection.executemany(fill, rows[:1_500])
    few = costs()
    connection.executemany(fill, rows[1_500:])
    assert costs() == few
    connection.close()


async def test_a_list_of_many_kinds_is_not_put_together_of_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        with connected(path) as other:
            rows = ((f"{n:05d}", f"q{n % 500}", ("on", "done")[n % 2]) for n in range(10_000))
            other.executemany("insert into work values (?, ?, ?, '{}', 1, null, null, 0, 0)", rows)
            other.commit()
        with stepping(store, 1) as steps:
            page = await store.find_work(queues="q", statuses=["on"], limit=100)
    assert len(page) == 100
    assert steps() < 40_000, "those of all kinds would be 138,000"


def test_every_question_about_work_is_answered_from_an_index(tmp_path: Path) -> None:
    connection = _schema(tmp_path / "store.db")

    def plan(sql: str, values: Mapping[str, object]) -> list[str]:
        return [row[3] for row in connection.execute(f"explain query plan {sql}", values)]

    ranges = {"low": "a", "below": "b"}
    page = {**ranges, "start": "", "statuses": "[]", "most": 5, "near": 40}
    for sql, values, wanted in (
        (
            CLAIMABLE,
            {"queues": "[]", "now": _NOW, "most": 5},
            ("d USING INDEX work_due (queue=? AND wake_at", "d USING INDEX work_held (queue=?"),
        ),
        (
            NEXT_DUE,
            {"queues": "[]"},
            ("d USING INDEX work_due (queue=? AND wake_at", "d USING INDEX work_held (queue=?"),
        ),
        (
            CHOSEN,
            page,
            ("l USING INDEX work_status (queue=? AND status=? AND id", "w USING INDEX work_held"),
        ),
        (NEAR, page, ("work USING INDEX sqlite_autoindex_work_1 (id>?)",)),
        (COUNTED, ranges, ("work USING INDEX work_status (queue", "work USING INDEX work_held (queue")),
        (ALL, page, ("work USING COVERING INDEX sqlite_autoindex_work_1",)),
    ):
        steps = plan(sql, values)
        for each in wanted:
            assert any(step.startswith(f"SEARCH {each}") for step in steps), (each, steps)
        assert not any(step.startswith(("SCAN work", "SCAN w", "SCAN d")) for step in steps), steps
    connection.close()


def test_a_write_that_keeps_status_and_lease_touches_no_index(tmp_path: Path) -> None:
    connection = _schema(tmp_path / "store.db")

    def codes(sql: str, *values: object) -> set[str]:
        return {row[1] for row in connection.execute(f"explain {sql}", values)}

    written = {"Insert", "IdxInsert", "IdxDelete"}
    assert codes(KEPT, "{}", 0, "a", 1, "on") & written == {"Insert"}
    assert codes("update work set wake_at = 0") & written == written, "what is set is written"
    connection.close()


async def test_who_finds_nothing_due_does_not_need_the_file_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await begun(store, "held", Hold("you", LEASE_S))
        with connected(path) as holder:
            holder.execute("begin immediate")
            async with asyncio.timeout(5.0):
                assert await store.claim_due([QUEUE], "me", LEASE_S) == []
                await store.await_work([QUEUE], 0.01)
            holder.execute("rollback")


async def test_a_dead_workers_lease_ends_in_its_time_though_the_clock_is_set_back_and_nothing_else_is_due(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with opened(url_of(tmp_path / "store.db")):
        pass
    store = await open_sqlite(url_of(tmp_path / "store.db"), clock=clock)
    await begun(store, "held")
    assert ids_of(await store.claim_due([QUEUE], "you", 60.0)) == ["held"]
    clock.set(clock.now() - timedelta(hours=5))
    assert await store.claim_due([QUEUE], "me", LEASE_S) == []
    clock.advance(timedelta(seconds=61))
    assert ids_of(await store.claim_due([QUEUE], "me", LEASE_S)) == ["held"]
    await store.close()


async def test_a_claim_waits_for_a_busy_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await begun(store, "a")
        with held(path) as holder:
            claiming = asyncio.ensure_future(store.claim_due([QUEUE], "me", LEASE_S))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not claiming.done()
            holder.release()
            assert ids_of(await claiming) == ["a"]


_CLAIM = """
import asyncio, sys
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store import End, Transaction

async def main():
    store = await open_sqlite(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    while claimed := await store.claim_due(["q0", "q1"], sys.argv[2], 60.0, 3):
        print(*(item.id for item in claimed), flush=True)
        await store.transact(Transaction(writes=[End(id=item.id, token=item.token) for item in claimed]))
    await store.close()

asyncio.run(main())
"""

_STEP = """
import asyncio, sys
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store import Expected, Hold, Revise, ToStream, Transaction
from tests.adapters.sqlite.opened import event

async def main():
    store = await open_sqlite(sys.argv[1])
    token = (await store.work(["a"]))["a"].token
    while True:
        revision = Revise(id="a", token=token, status="on", state=b'{"n":%d}' % token, wake=Hold("me", 60.0))
        parts = [ToStream("s-1", Expected.ANY, [event()])]
        await store.transact(Transaction(parts=parts, writes=[revision]))
        token += 1
        print(token, flush=True)

asyncio.run(main())
"""


def _process(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


async def test_processes_that_claim_at_once_share_all_the_work_and_none_twice(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        await write(store, *(begin(f"{n:03}", queue=f"q{n % 2}") for n in range(150)))
        processes = [_process(_CLAIM, url, f"worker {n}") for n in range(3)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        said = [process.communicate("go\n")[0].split() for process in processes]
        assert Counter(id for ids in said for id in ids) == {f"{n:03}": 1 for n in range(150)}
        assert await store.count_work() == {}


async def test_a_process_that_is_killed_leaves_events_and_work_together(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        await begun(store, "a", None)
        for lines in (1, 7, 23):
            with _process(_STEP, url) as worker:
                assert worker.stdout is not None
                acknowledged = [int(worker.stdout.readline()) for _ in range(lines)][-1]
                worker.kill()
            item = await item_of(store, "a")
            assert item.token >= acknowledged
            assert await store.head() == item.token - 1
            assert item.state == b'{"n":%d}' % (item.token - 1)


def _looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a store has looked for due work since."""
    looks = 0
    look: Callable[[object, str], float] = vars(SqliteWork)["_pause"]

    def counted(self: object, queues: str) -> float:
        nonlocal looks
        looks += 1
        return look(self, queues)

    monkeypatch.setattr(SqliteWork, "_pause", counted)
    return lambda: looks


async def test_who_waits_looks_once_a_second_and_not_after_every_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        item = await begun(store, "a", Hold("me", LEASE_S))
        looks = _looks(monkeypatch)
        waiting = asyncio.ensure_future(store.await_work([QUEUE], 2.5))
        for n in range(50):
            await store.append(ToStream(f"s-{n}", 0, [event()]))
            await write(store, revise(item, Hold("me", LEASE_S)))
            item = await item_of(store, "a")
        await waiting
        assert 2 <= looks() <= 4


async def test_a_timer_wakes_in_its_time_and_never_before(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        late: list[timedelta] = []
        for n in range(5):
            wake_at = datetime.now(UTC) + timedelta(seconds=0.2 + n / 100)
            waiting = asyncio.ensure_future(store.await_work([QUEUE], 20.0))
            await write(store, begin(f"a{n}", wake_at))
            await waiting
            late.append(datetime.now(UTC) - wake_at)
            assert late[-1] >= timedelta(0)
            assert ids_of(await store.claim_due([QUEUE], "me", LEASE_S)) == [f"a{n}"]
        assert min(late) < timedelta(seconds=0.1), late


async def test_what_another_process_writes_wakes_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        waiting = asyncio.ensure_future(store.await_work([QUEUE], 20.0))
        await asyncio.sleep(0)
        with connected(path) as other:
            other.execute("insert into work values ('a', ?, 'on', '{}', 1, null, 1, 0, 0)", (QUEUE,))
        loop = asyncio.get_running_loop()
        written = loop.time()
        await waiting
        assert loop.time() - written < 3.0, "a second, and two for a busy machine"


async def test_a_begin_or_a_revision_costs_its_group_no_savepoint(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        item = await begun(store, "a", None)
        statements = traced(store)
        revision = Revise(id="a", token=item.token, status="on", state=b"{}", wake=None)
        await asyncio.gather(
            write(store, Begin(id="b", queue="q", status="on", state=b"{}", wake=None)), write(store, revision)
        )
        assert [sql for sql in statements if "savepoint" in sql] == []
        assert [statements[0], statements.count("commit")] == [BEGIN, 1]

"""Checkpoints between processes of one file: tokens, waiting, and a file that is held by others."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, SqliteStore, open_sqlite
from leftfold.adapters.sqlite.schema import connect, install, prepare
from leftfold.clock import SystemClock
from leftfold.errors import Fenced, InvalidInput, SchemaMismatch, StoreClosed, StoreError
from leftfold.store import ToStream
from leftfold.store.transaction import Advance, Transaction
from leftfold.store.work import AT_ONCE, Begin
from leftfold.testing import ManualClock
from tests.adapters.sqlite.opened import connected, event, opened, stepping, url_of
from tests.adapters.sqlite.tabled import write
from tests.adapters.sqlite.test_busy import held
from tests.conftest import ROOT

_COUNTED = "select (select count(*) from checkpoints), (select count(*) from events), (select count(*) from work)"
_CLAIM = """
import asyncio, sys
from leftfold.adapters.sqlite import open_sqlite

async def main():
    store = await open_sqlite(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    claims = [await store.claim("p", sys.argv[2], 60.0) for _ in range(20)]
    print(*(claim.token for claim in claims if claim), flush=True)
    await store.close()

asyncio.run(main())
"""

_MOVE = """
import asyncio, sys
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store import ToStream
from leftfold.store.transaction import Advance, Transaction
from tests.adapters.sqlite.opened import event

async def main():
    store = await open_sqlite(sys.argv[1])
    claim = await store.claim("p", "mover", 60.0)
    print("ready", flush=True)
    sys.stdin.readline()
    new = event()
    advance = Advance(name="p", token=claim.token, position=1, event_id=new.id)
    await store.transact(Transaction(parts=[ToStream("a-1", 0, [new])], writes=[advance]))
    await store.close()

asyncio.run(main())
"""


def _process(script: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_of_processes_that_claim_at_once_one_gets_it_and_no_token_comes_twice(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        processes = [_process(_CLAIM, url, f"worker-{n}") for n in range(3)]
        for process in processes:
            _go(process)
        tokens = [[int(token) for token in process.communicate()[0].split()] for process in processes]
        assert sorted(map(len, tokens)) == [0, 0, 20]
        assert max(tokens) == list(range(1, 21))
        [kept] = await store.checkpoints()
        assert kept.owner == f"worker-{tokens.index(max(tokens))}"


async def test_a_checkpoint_that_another_process_moves_is_seen_soon(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        process = _process(_MOVE, url)
        waiting = asyncio.ensure_future(store.reached("p", 1, 30.0))
        await asyncio.sleep(0)
        assert not waiting.done()
        _go(process)
        assert await waiting == 1
        process.communicate()


async def test_one_that_waits_is_woken_by_a_commit_of_its_own_process_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leftfold.adapters.sqlite.reading._POLL_S", 30.0)
    async with opened(url_of(tmp_path / "store.db")) as store:
        new = event()
        await store.append(ToStream("a-1", 0, [new]))
        claim = await store.claim("p", "me", 60.0)
        assert claim is not None
        waiting = asyncio.ensure_future(store.reached("p", 1, 20.0))
        await asyncio.sleep(0)
        await write(store, Advance(name="p", token=claim.token, position=1, event_id=new.id))
        async with asyncio.timeout(10.0):
            assert await waiting == 1


async def test_a_token_of_a_forgotten_checkpoint_never_comes_again(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        old = await store.claim("p", "me", 60.0)
        assert old is not None
        await store.forget("p")
        new = await store.claim("p", "you", 60.0)
        assert new is not None
        assert new.token > old.token
        for token in (old.token, 0, -1, 2**63, -(2**70)):
            with pytest.raises(Fenced):
                await write(store, Advance(name="p", token=token, position=0, event_id=None))
            assert not await store.renew("p", token, 1.0)
            await store.release("p", token)
        assert [kept.owner for kept in await store.checkpoints()] == ["you"]


async def test_a_checkpoint_does_not_go_back(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        claim = await store.claim("p", "me", 60.0)
        assert claim is not None
        moves = [Advance(name="p", token=claim.token, position=n, event_id=event().id) for n in (2, 2, 1)]
        await write(store, *moves[:2])
        with pytest.raises(InvalidInput, match="at position 2 and cannot go back to 1"):
            await write(store, moves[2])
        [kept] = await store.checkpoints()
        assert (kept.position, kept.event_id) == (2, moves[1].event_id)


async def test_leases_go_by_the_store_s_clock(tmp_path: Path) -> None:
    clock = ManualClock()
    store = await open_sqlite(url_of(tmp_path / "store.db"), clock=clock)
    assert await store.claim("p", "me", 10.0) is not None
    clock.advance(timedelta(seconds=9.999999))
    assert await store.claim("p", "you", 10.0) is None
    clock.advance(timedelta(microseconds=1))
    [kept] = await store.checkpoints()
    assert (kept.held, kept.until) == (False, clock.now())
    assert await store.claim("p", "you", 10.0) is not None
    await store.close()


async def test_a_clock_that_is_set_back_leaves_a_dead_worker_s_lease_no_longer_than_it_was(tmp_path: Path) -> None:
    clock = ManualClock()
    store = await open_sqlite(url_of(tmp_path / "store.db"), clock=clock)
    assert await store.claim("dead", "me", 10.0) is not None
    assert await store.claim("long", "they", 1_000.0) is not None
    clock.advance(timedelta(seconds=4))
    renewed = await store.claim("alive", "you", 10.0)
    assert renewed is not None
    clock.set(clock.now() - timedelta(hours=1))
    assert await store.claim("dead", "you", 10.0) is None, "6 seconds are left"
    clock.advance(timedelta(seconds=5.9))
    assert await store.renew("alive", renewed.token, 10.0)
    assert await store.claim("dead", "you", 10.0) is None
    clock.advance(timedelta(seconds=0.1))
    assert {one.name: one.held for one in await store.checkpoints()} == {"alive": True, "dead": False, "long": True}
    assert await store.claim("dead", "you", 10.0) is not None
    assert await store.claim("long", "you", 10.0) is None, "it was longer, and holds"
    await store.close()


async def test_a_clock_that_is_set_back_leaves_leases_of_work_no_longer_than_they_were(tmp_path: Path) -> None:
    clock = ManualClock()
    store = await open_sqlite(url_of(tmp_path / "store.db"), clock=clock)
    await write(store, Begin(id="w", queue="q", status="new", state=b"{}", wake=AT_ONCE))
    [held] = await store.claim_due(["q"], "me", 10.0)
    clock.set(clock.now() - timedelta(hours=1))
    assert await store.claim("presence", "you", 10.0) is not None
    clock.advance(timedelta(seconds=9))
    assert await store.claim_due(["q"], "you", 10.0) == []
    clock.advance(timedelta(seconds=1))
    [taken] = await store.claim_due(["q"], "you", 10.0)
    assert (taken.owner, taken.token) == ("you", held.token + 1)
    await store.close()


async def test_a_claim_waits_for_a_busy_file_and_closing_waits_for_the_claim(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        with held(path) as holder:
            claiming = asyncio.ensure_future(store.claim("p", "me", 60.0))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not claiming.done()
            closing = asyncio.ensure_future(store.close())
            await asyncio.sleep(0)
            holder.release()
            await closing
        assert await claiming is not None
        with pytest.raises(StoreClosed):
            await store.claim("p", "me", 60.0)
    with connected(path) as anybody:
        assert anybody.execute("select owner from checkpoints").fetchall() == [("me",)]


async def test_claims_leave_appends_as_durable_as_they_were(tmp_path: Path) -> None:
    location = SqliteLocation(path=tmp_path / "store.db")
    connection = connect(location)
    prepare(connection, location)
    install(connection)
    full = connection.execute("pragma synchronous").fetchone()
    assert full == (2,)
    store = SqliteStore(connection, location, SystemClock())
    claim = await store.claim("p", "me", 60.0)
    assert claim is not None
    await store.renew("p", claim.token, 60.0)
    assert connection.execute("pragma synchronous").fetchone() == full
    await store.close()


async def test_a_file_from_before_there_were_rows_is_migrated_beside_code_that_knows_none(tmp_path: Path) -> None:
    location = SqliteLocation(path=tmp_path / "store.db")
    schema = SqliteSchema(location)
    with connected(location.path) as anybody:
        anybody.executescript(schema.script().removesuffix(schema.script(after=2)))
    connection = connect(location)
    prepare(connection, location)
    old = SqliteStore(connection, location, SystemClock())
    await old.append(ToStream("a-1", 0, [event()]))
    with pytest.raises(SchemaMismatch):
        await open_sqlite(url_of(location.path))
    assert (await schema.migrate()).needs_code == 1
    async with opened(url_of(location.path)) as new:
        assert await new.claim("p", "me", 60.0) is not None
        await old.append(ToStream("a-1", 1, [event()]))
        assert await new.head() == 2
    await old.close()


async def test_checkpoints_of_one_beginning_are_found_without_a_look_at_all_others(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        for number in range(300):
            await store.claim(f"p{number}/0.1", "worker", 60.0)
        few, all_ = await _steps(store, "p7/"), await _steps(store, "")
        assert few < all_ / 50


async def _steps(store: SqliteStore, prefix: str) -> int:
    """How many steps of ten instructions the database takes to list what begins with *prefix*."""
    with stepping(store, 10) as steps:
        await store.checkpoints(prefix)
        return steps()


async def _claims(store: SqliteStore) -> None:
    claim = await store.claim("p", "me", 60.0)
    assert [one.token for one in await store.checkpoints()] == [claim and claim.token]


async def _appends(store: SqliteStore) -> None:
    assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


async def _begins(store: SqliteStore) -> None:
    begin = Begin(id="a", queue="q", status="on", state=b"{}", wake=AT_ONCE)
    await store.transact(Transaction(writes=[begin]))


@pytest.mark.parametrize(("write", "kept"), [(_claims, (1, 0, 0)), (_appends, (0, 1, 0)), (_begins, (0, 0, 1))])
async def test_a_rollback_that_fails_leaves_neither_a_transaction_open_nor_writes_without_a_flush(
    tmp_path: Path, write: Callable[[SqliteStore], Awaitable[None]], kept: tuple[int, int, int]
) -> None:
    path = tmp_path / "a.db"
    async with opened(url_of(path)) as store:
        connection: sqlite3.Connection = vars(store)["_connection"]
        failing = ["COMMIT", "ROLLBACK"]

        def allowed(action: int, what: str | None, *_: str | None) -> int:
            if action == sqlite3.SQLITE_TRANSACTION and failing and what == failing[0]:
                failing.pop(0)
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        connection.set_authorizer(allowed)
        with pytest.raises(StoreError):
            await store.claim("p", "me", 60.0)
        assert failing == []
        await write(store)
        with connected(path) as anybody:
            assert anybody.execute(_COUNTED).fetchone() == kept
        assert connection.execute("pragma synchronous").fetchone() == (2,)

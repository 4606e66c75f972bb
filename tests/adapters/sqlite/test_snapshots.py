"""Snapshots in the file: politely written, never instead of an append's flush, and out of old code's way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, SqliteStore
from leftfold.adapters.sqlite.schema import MIGRATIONS, connect, install, prepare
from leftfold.clock import SystemClock
from leftfold.errors import StoreBusy
from leftfold.store import Snapshot, SnapshotKey, ToStream, digest_of
from tests.adapters.sqlite.opened import connected, event, opened, url_of
from tests.adapters.sqlite.test_busy import held


def _snapshot(version: int = 1, state: bytes = b'{"n":37}') -> Snapshot:
    key = SnapshotKey("a-1", "one", version)
    return Snapshot(key, state, digest_of(key, state))


async def test_a_busy_file_is_waited_for_while_the_loop_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        with held(path) as holder:
            saving = asyncio.ensure_future(store.save_snapshot(_snapshot()))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not saving.done()
            assert await store.load_snapshot("a-1", "one") is None
            holder.release()
            await saving
        assert await store.load_snapshot("a-1", "one") == _snapshot()


async def test_a_file_that_stays_busy_is_given_up_and_the_old_snapshot_stays(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=0.2)) as store:
        await store.save_snapshot(_snapshot())
        with held(path) as holder:
            with pytest.raises(StoreBusy):
                await store.save_snapshot(_snapshot(state=b"{}"))
            with pytest.raises(StoreBusy):
                await store.drop_snapshots([_snapshot().key])
            holder.release()
        assert await store.read_snapshots() == [_snapshot()]
        assert await store.drop_snapshots([_snapshot().key]) == 1


async def test_closing_finishes_the_snapshots_that_were_accepted(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        saving = [asyncio.ensure_future(store.save_snapshot(_snapshot(n))) for n in range(1, 6)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*saving)
    async with opened(url) as store:
        assert len(await store.read_snapshots()) == 5


async def test_between_two_snapshots_the_loop_has_a_turn(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        saved: set[int] = set()
        seen: list[int] = []

        async def save(number: int) -> None:
            await store.save_snapshot(_snapshot(number))
            saved.add(number)

        saving = asyncio.gather(*(save(number) for number in range(1, 31)))
        while not saving.done():
            seen.append(len(await store.read_snapshots()))
            await asyncio.sleep(0)
        assert len(set(seen)) > 20


async def test_appends_are_flushed_as_before_whatever_became_of_a_snapshot(tmp_path: Path) -> None:
    location = SqliteLocation(path=tmp_path / "store.db", deadline_s=0.05)
    connection = connect(location)
    prepare(connection, location)
    install(connection)
    full = connection.execute("pragma synchronous").fetchone()
    assert full == (2,)
    store = SqliteStore(connection, location, SystemClock())
    await store.save_snapshot(_snapshot())
    assert connection.execute("pragma synchronous").fetchone() == full
    with held(location.path) as holder:
        with pytest.raises(StoreBusy):
            await store.save_snapshot(_snapshot())
        holder.release()
    assert connection.execute("pragma synchronous").fetchone() == full
    await store.close()


async def test_a_state_can_be_queried_with_sql_and_snapshots_may_be_deleted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.save_snapshot(_snapshot())
        with connected(path) as anybody:
            assert anybody.execute("select state ->> '$.n' from snapshots").fetchall() == [(37,)]
            anybody.execute("delete from snapshots")
        assert await store.load_snapshot("a-1", "one") is None


async def test_code_that_knows_no_snapshots_goes_on_beside_code_that_does(tmp_path: Path) -> None:
    location = SqliteLocation(path=tmp_path / "store.db")
    script = SqliteSchema(location).script()
    later = SqliteSchema(location).script(after=1)
    with connected(location.path) as database:
        database.executescript(script.removesuffix(later))
    connection = connect(location)
    prepare(connection, location)
    old = SqliteStore(connection, location, SystemClock())
    await old.append(ToStream("a-1", 0, [event()]))
    status = await SqliteSchema(location).migrate()
    assert (status.found, status.needs_code) == (MIGRATIONS[-1].version, 1)
    async with opened(url_of(location.path)) as new:
        await new.save_snapshot(_snapshot())
        await old.append(ToStream("a-1", 1, [event()]))
        await new.append(ToStream("a-1", 2, [event()]))
        assert len(await old.read_stream("a-1")) == 3
    await old.close()


async def test_a_snapshot_leaves_no_statement_open(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(n) for n in range(20)]))
        for version in range(1, 4):
            await store.save_snapshot(_snapshot(version))
        await store.load_snapshot("a-1", "one")
        await store.read_snapshots(limit=1)
        await store.streams(limit=1)
        await store.version_at("a-1", 3)
        await store.position_at(SystemClock().now())
        with connected(path) as anybody:
            busy: int = anybody.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            assert busy == 0

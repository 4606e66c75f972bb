"""Migrating: once, twice, from several processes, by hand; and what the file lets anybody do to it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, schema
from leftfold.adapters.sqlite.schema import MIGRATIONS
from leftfold.store import StoredEvent, ToStream
from leftfold.testing.conformance.stores import log_of
from tests.adapters.sqlite.opened import connected, event, opened, url_of
from tests.conftest import ROOT

_MIGRATE = """
import asyncio, sys
from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, schema
schema = SqliteSchema(SqliteLocation.parse(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
status = asyncio.run(schema.migrate())
print(status.found, len(status.pending))
"""


def _shape(path: Path) -> list[object]:
    with connected(path) as connection:
        return [
            *connection.execute("select type, name, tbl_name, sql from sqlite_schema order by type, name"),
            *connection.execute("select name, value from meta order by name"),
            *connection.execute("pragma application_id"),
        ]


async def test_status_looks_and_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    schema = SqliteSchema(SqliteLocation(path=path))
    status = await schema.status()
    assert (status.found, status.pending) == (0, tuple(MIGRATIONS))
    assert not path.exists()


async def test_migrating_twice_is_the_same_as_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    schema = SqliteSchema(SqliteLocation(path=path))
    first = await schema.migrate()
    shape = _shape(path)
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    assert await schema.migrate() == first == await schema.status()
    assert (first.found, first.pending) == (MIGRATIONS[-1].version, ())
    assert _shape(path) == shape
    async with opened(url_of(path)) as store:
        assert await store.head() == 1


async def test_processes_that_migrate_at_once_all_find_it_done(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE, url_of(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    assert [child.stdout.readline() for child in children if child.stdout] == ["ready\n"] * 4
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate()[0] for child in children]
    assert said == [f"{MIGRATIONS[-1].version} 0\n"] * 4
    async with opened(url_of(path)) as store:
        assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


async def test_the_script_makes_what_migrating_makes(tmp_path: Path) -> None:
    by_code, by_hand = tmp_path / "code.db", tmp_path / "hand.db"
    await SqliteSchema(SqliteLocation(path=by_code)).migrate()
    with connected(by_hand) as connection:
        connection.executescript(SqliteSchema(SqliteLocation(path=by_hand)).script())
    assert _shape(by_hand) == _shape(by_code)
    assert SqliteSchema(SqliteLocation(path=by_hand)).script(after=MIGRATIONS[-1].version) == ""
    async with opened(url_of(by_hand)) as store:
        assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


_CHANGES = {
    "update": "update events set data = '{}' where position = 1",
    "update of the order": "update events set position = 9 where position = 1",
    "update or replace": "update or replace events set version = 2 where position = 1",
    "delete": "delete from events where position = 1",
    "delete of all": "delete from events",
    "replace by position": "insert or replace into events select position, 9, 7, type, 1, x'00', '{}', '{}', null, "
    "null, recorded_at from events where position = 1",
    "replace by id": "insert or replace into events select 9, 9, 7, type, 1, id, '{}', '{}', null, "
    "null, recorded_at from events where position = 1",
    "replace by stream and version": "replace into events select 9, stream, version, type, 1, x'00', '{}', '{}', "
    "null, null, recorded_at from events where position = 1",
    "upsert": "insert into events select * from events where position = 1 "
    "on conflict (position) do update set data = 'x'",
    "update of a tag": "update tags set tag = 9",
    "delete of a tag": "delete from tags",
    "update of a name": "update names set name = 'b-1' where name = 'a-1'",
    "delete of a name": "delete from names where name = 'a-1'",
    "replace of a name by its number": "replace into names select number, 'b-1' from names where name = 'a-1'",
    "replace of a number by its name": "replace into names select 9, name from names where name = 'a-1'",
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
async def test_the_database_itself_refuses_to_rewrite_what_is_stored(tmp_path: Path, change: str) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(1, tags=("red",)), event(2)]))
        log = await log_of(store)
        with connected(path) as anybody, pytest.raises(sqlite3.IntegrityError, match="append-only"):
            anybody.execute(change)
        assert await log_of(store) == log


async def test_payload_and_metadata_can_be_queried_with_sql(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(5), event(37)]))
    with connected(path) as anybody:
        total = anybody.execute("select sum(data ->> '$.n') from log where json_valid(metadata)").fetchone()
        assert total == (42,)


async def test_the_view_log_shows_what_the_store_reads(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    zone = timezone(timedelta(hours=5, minutes=30))
    times = [
        None,
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 6, 1, 1, 2, 3, 40, tzinfo=zone),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    tags = [(), ("red",), ("red", "blue"), (), ("green", "blue", "red"), ("\u4e2d",)]
    async with opened(url_of(path)) as store:
        for n, (time, tagged) in enumerate(zip(times, tags, strict=True)):
            await store.append(ToStream(f"a-{n % 2}", n // 2, [replace(event(n, tags=tagged), occurred_at=time)]))
        log = await log_of(store)
    with connected(path) as anybody:
        rows = anybody.execute("select * from log order by position").fetchall()
    shown = [
        StoredEvent(
            position=position,
            stream=stream,
            version=version,
            id=UUID(id_),
            type=type_,
            schema_version=schema_version,
            data=data.encode(),
            metadata=metadata.encode(),
            tags=tuple(json.loads(tagged)),
            occurred_at=datetime.fromisoformat(occurred_at),
            recorded_at=datetime.fromisoformat(recorded_at),
        )
        for position, stream, version, type_, schema_version, id_, data, metadata, tagged, occurred_at, recorded_at in (
            rows
        )
    ]
    assert shown == log
    assert [row[5] for row in rows] == [str(found.id) for found in log]
    assert [row[9] for row in rows][1:4] == [
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00.000001Z",
        "1970-01-01T00:00:00.000000Z",
    ]


async def test_a_read_leaves_no_statement_open_so_the_log_of_writes_can_be_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(n, tags=("red",)) for n in range(20)]))
        await store.read_log(limit=3)
        await store.read_log(category="a", limit=3)
        await store.read_stream("a-1", limit=3)
        await store.read_facts("a-1", limit=3)
        await store.head()
        await store.append(ToStream("a-1", 20, [event()]))
        with connected(path) as anybody:
            busy, _, _ = anybody.execute("pragma wal_checkpoint(truncate)").fetchone()
            assert busy == 0, "a statement was left open"
        assert (tmp_path / "store.db-wal").stat().st_size == 0


async def test_the_log_of_writes_gives_the_disk_back_what_it_needed_while_somebody_read_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 500_000
    monkeypatch.setattr(schema, "_LOG_BYTES", most)
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        with connected(path) as reader:
            reader.execute("begin")
            reader.execute("select count(*) from events").fetchone()
            for version in range(12):
                large = replace(event(), data=b'"%s"' % (b"x" * most))
                await store.append(ToStream("a-1", version, [large]))
            assert (tmp_path / "store.db-wal").stat().st_size > 10 * most
            reader.execute("rollback")
        for version in range(12, 15):
            await store.append(ToStream("a-1", version, [event()]))
        assert (tmp_path / "store.db-wal").stat().st_size <= most


async def test_vacuum_into_copies_one_moment_of_a_file_that_is_open_and_the_copy_goes_on(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(tags=("t",))]))
        with connected(path) as connection:
            connection.execute("vacuum into ?", (str(copy),))
        await store.append(ToStream("a-1", 1, [event()]))
        first, _ = await log_of(store)
    assert _shape(copy) == _shape(path)
    async with opened(url_of(copy)) as store:
        assert await log_of(store) == [first]
        assert await store.wrong_tags() == []
        await store.append(ToStream("a-1", 1, [event(tags=("t",))]))

"""G6: a database of every released schema version opens under this code, holds the same events, and takes new ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, open_postgres
from leftfold.adapters.postgres.migrations import MIGRATIONS as POSTGRES_MIGRATIONS
from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, open_sqlite
from leftfold.adapters.sqlite.schema import MIGRATIONS as SQLITE_MIGRATIONS
from leftfold.store import Begin, Hold, Migration, Revise, Snapshot, SnapshotKey, ToStream, Transaction, digest_of
from leftfold.testing.conformance.stores import FullStore, event, log_of
from leftfold.testing.postgres import PostgresServer
from tests.golden.stores import HERE, SNAPSHOTS, SNAPSHOTS_SINCE, WORK, WORK_SINCE, events_in, repeatable

_numbers = count(1)


def _version(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def _golden(kind: str) -> list[Path]:
    numbered = [path for path in HERE.glob(f"{kind}_*.sql") if path.stem.rpartition("_")[2].isdecimal()]
    return sorted(numbered, key=_version)


@pytest.mark.parametrize(
    ("kind", "migrations"),
    [("sqlite", SQLITE_MIGRATIONS), ("postgres", POSTGRES_MIGRATIONS)],
    ids=["sqlite", "postgres"],
)
def test_every_schema_version_has_its_golden_database(kind: str, migrations: Sequence[Migration]) -> None:
    wanted = [f"{kind}_{migration.version}.sql" for migration in migrations]
    assert [path.name for path in _golden(kind)] == wanted, "write the missing one: python -m tests.golden.stores"


@pytest.mark.parametrize("dump", _golden("sqlite"), ids=lambda path: path.stem)
async def test_an_sqlite_file_of_an_older_version_holds_the_same_events_and_takes_new_ones(
    dump: Path, tmp_path: Path
) -> None:
    path = tmp_path / "golden.db"
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text())
    connection.close()
    await _check(await open_sqlite(f"sqlite:///{path}", migrate=True), dump)


@pytest.mark.postgres
@pytest.mark.parametrize("dump", _golden("postgres"), ids=lambda path: path.stem)
async def test_a_postgres_schema_of_an_older_version_holds_the_same_events_and_takes_new_ones(
    dump: Path, postgres: PostgresServer
) -> None:
    name = f"golden{next(_numbers)}"
    url = postgres.create_database(name)
    postgres.execute(dump.read_text(), name)
    await _check(await open_postgres(url, migrate=True), dump)


_SQLITE_SHAPE = "select type, name, tbl_name, sql from sqlite_schema order by type, name"
_POSTGRES_SHAPE = """
select 'function', pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '')
    from pg_proc p where p.pronamespace = 'leftfold'::regnamespace
union all select 'constraint', r.relname || c.conname || pg_get_constraintdef(c.oid)
    from pg_constraint c join pg_class r on r.oid = c.conrelid where c.connamespace = 'leftfold'::regnamespace
union all select 'index', indexdef from pg_indexes where schemaname = 'leftfold'
union all select 'trigger', pg_get_triggerdef(t.oid)
    from pg_trigger t join pg_class r on r.oid = t.tgrelid where r.relnamespace = 'leftfold'::regnamespace
union all select 'column', concat_ws(
        ' ', table_name, ordinal_position, column_name, data_type, collation_name, is_nullable)
    from information_schema.columns where table_schema = 'leftfold'
order by 1, 2"""


async def test_a_released_sqlite_migration_makes_what_it_made_when_it_was_released(tmp_path: Path) -> None:
    now, then = sqlite3.connect(tmp_path / "now.db"), sqlite3.connect(tmp_path / "then.db")
    now.executescript(SqliteSchema(SqliteLocation(path=tmp_path / "now.db")).script())
    then.executescript(_golden("sqlite")[-1].read_text())
    assert now.execute(_SQLITE_SHAPE).fetchall() == then.execute(_SQLITE_SHAPE).fetchall()
    now.close()
    then.close()


@pytest.mark.parametrize("dump", _golden("sqlite"), ids=lambda path: path.stem)
async def test_an_sqlite_file_of_an_older_version_is_migrated_to_what_a_new_one_is(dump: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    now, then = sqlite3.connect(new), sqlite3.connect(old)
    then.executescript(dump.read_text())
    await SqliteSchema(SqliteLocation(path=old)).migrate()
    await SqliteSchema(SqliteLocation(path=new)).migrate()
    for question in (_SQLITE_SHAPE, "select name, value from meta order by name", "pragma application_id"):
        assert now.execute(question).fetchall() == then.execute(question).fetchall()
    now.close()
    then.close()


@pytest.mark.postgres
async def test_a_released_postgres_migration_makes_what_it_made_when_it_was_released(
    postgres: PostgresServer,
) -> None:
    url = postgres.create_database("golden_now")
    postgres.create_database("golden_then")
    await PostgresSchema(PostgresLocation.parse(url)).migrate()
    postgres.execute(_golden("postgres")[-1].read_text(), "golden_then")
    now, then = (postgres.execute(_POSTGRES_SHAPE, name) for name in ("golden_now", "golden_then"))
    assert now == then


async def _check(store: FullStore, dump: Path) -> None:
    golden = events_in(dump.with_suffix(".json"))
    assert len(golden) == 5
    assert await log_of(store) == golden
    for number, old in enumerate(golden):
        again = await store.append(repeatable(number))
        assert (again.position, again.repeated) == (old.position, True)
    appended = await store.append(ToStream("account-1", 3, [event()]))
    assert (appended.position, appended.versions) == (6, {"account-1": 4})
    log = await log_of(store)
    assert log[:5] == golden
    assert log[5].recorded_at >= golden[-1].recorded_at
    await _check_snapshots(store, SNAPSHOTS if _version(dump) >= SNAPSHOTS_SINCE else ())
    await _check_work(store, WORK if _version(dump) >= WORK_SINCE else ())
    await store.close()


async def _check_snapshots(store: FullStore, golden: Sequence[Snapshot]) -> None:
    assert list(await store.read_snapshots()) == list(golden)
    for snapshot in golden:
        assert snapshot.digest == digest_of(snapshot.key, snapshot.state)
        assert await store.load_snapshot(snapshot.key.stream, snapshot.key.fingerprint) is not None
    newer = Snapshot(SnapshotKey("account-1", "6f1d2c", 4), b"{}", "0")
    await store.save_snapshot(newer)
    assert await store.load_snapshot("account-1", "6f1d2c") == newer


async def _check_work(store: FullStore, golden: Sequence[Begin]) -> None:
    kept = await store.find_work()
    assert [(item.id, item.queue, item.status, item.state) for item in kept] == [
        (work.id, work.queue, work.status, work.state) for work in golden
    ]
    for item, work in zip(kept, golden, strict=True):
        assert item.token == (2 if item.id == "never" else 1)
        if isinstance(work.wake, Hold):
            assert (item.owner, item.wake_at) == (
                work.wake.owner,
                item.created_at + timedelta(seconds=work.wake.lease_s),
            )
        else:
            assert (item.owner, item.wake_at) == (None, work.wake)
        revision = Revise(id=item.id, token=item.token, status="revised", state=b"{}", wake=None)
        await store.transact(Transaction(writes=[revision]))
    assert {item.token for item in await store.find_work(statuses=["revised"])} == ({2, 3} if golden else set())

"""Opening a file that is no store, or no store of this version: a typed error that says what to do, nothing touched."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema, open_sqlite, schema
from leftfold.adapters.sqlite.failures import translated
from leftfold.adapters.sqlite.location import url_of as place_of
from leftfold.adapters.sqlite.schema import MIGRATIONS
from leftfold.errors import AccessDenied, SchemaMismatch, StoreUnavailable
from leftfold.store import Migration, ToStream
from tests.adapters.sqlite.opened import connected, event, opened, url_of

_NEWEST = MIGRATIONS[-1].version


async def test_a_missing_or_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name in ("missing.db", "empty.db"):
        async with opened(url_of(tmp_path / name)) as store:
            assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


async def test_a_missing_directory_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "store.db"
    with pytest.raises(StoreUnavailable, match="does its directory exist") as refusal:
        await open_sqlite(url_of(path))
    assert str(path) in str(refusal.value)
    assert not path.parent.exists()


async def test_a_directory_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"cannot open .*: it is a directory; name a file in it$"):
        await open_sqlite(url_of(tmp_path))


async def test_a_path_that_the_system_does_not_look_at_is_told_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / ("b" * 300)
    for attempt in (open_sqlite(url_of(path)), SqliteSchema(SqliteLocation(path=path)).status()):
        with pytest.raises(StoreUnavailable, match=r"cannot open .*: File name too long"):
            await attempt


@pytest.mark.parametrize("content", [b"not a database at all, but longer than a header " * 50, b"short"])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable) as refusal:
        await open_sqlite(url_of(path))
    assert str(path) in str(refusal.value)
    assert "Give the path of a Leftfold store" in str(refusal.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("table", ["customers (name text)", "meta (key text, content text)", "events (id integer)"])
@pytest.mark.parametrize("migrate", [False, True])
async def test_a_database_of_another_application_is_refused_and_left_as_it_was(
    tmp_path: Path, table: str, migrate: bool
) -> None:
    path = tmp_path / "other.db"
    with connected(path) as other:
        other.execute(f"create table {table}")
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match="another application") as refusal:
        await open_sqlite(url_of(path), migrate=migrate)
    assert (refusal.value.found, refusal.value.needed) == (0, _NEWEST)
    with pytest.raises(SchemaMismatch, match="another application"):
        await SqliteSchema(SqliteLocation(path=path)).migrate()
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["other.db"]


async def test_a_database_that_needs_newer_code_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    with connected(path) as newer:
        newer.execute("update meta set value = ? where name = 'schema_version'", (_NEWEST + 2,))
        newer.execute("update meta set value = ? where name = 'needs_code'", (_NEWEST + 1,))
    for migrate in (False, True):
        with pytest.raises(SchemaMismatch, match="newer Leftfold") as refusal:
            await open_sqlite(url_of(path), migrate=migrate)
        assert (refusal.value.found, refusal.value.needed) == (_NEWEST + 2, _NEWEST)


async def test_a_newer_database_that_this_code_can_work_with_opens(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    with connected(path) as newer:
        newer.execute("update meta set value = ? where name = 'schema_version'", (_NEWEST + 1,))
    async with opened(url_of(path)) as store:
        assert (await store.append(ToStream("a-1", 1, [event()]))).position == 2


async def test_a_store_with_an_older_schema_says_which_command_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all 'older' 100%25.db"
    location = SqliteLocation(path=path)
    async with opened(place_of(path)):
        pass
    coming = Migration(version=_NEWEST + 1, needs_code=_NEWEST, name="coming")
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, coming))
    with pytest.raises(SchemaMismatch) as refusal:
        await open_sqlite(place_of(path))
    [_, command, _] = str(refusal.value).split("`")
    *verb, url = shlex.split(command)
    assert (verb, SqliteLocation.parse(url)) == (["leftfold", "migrate", "--store"], location)
    assert (refusal.value.found, refusal.value.needed) == (_NEWEST, _NEWEST + 1)


async def test_looking_at_the_schema_of_what_is_no_database_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database at all, but longer than a header " * 50)
    with pytest.raises(StoreUnavailable, match="Give the path of a Leftfold store"):
        await SqliteSchema(SqliteLocation(path=path)).status()


def test_a_file_that_may_not_be_written_is_not_called_out_of_reach(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sqlite3.connect(path).execute("create table t (a)").connection.close()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as refused:
        connection.execute("insert into t values (1)")
    connection.close()
    told = translated(refused.value, path)
    assert isinstance(told, AccessDenied)
    assert told.code == "SQLITE_READONLY"
    assert "let this process write the file" in str(told)

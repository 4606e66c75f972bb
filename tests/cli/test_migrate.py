from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from leftfold.adapters.postgres.migrations import MIGRATIONS as POSTGRES_MIGRATIONS
from leftfold.adapters.sqlite.schema import MIGRATIONS as SQLITE_MIGRATIONS
from leftfold.store import Migration
from tests.cli.command import Leftfold, event, record, stored
from tests.golden.stores import HERE


def _migrations(url: str) -> Sequence[Migration]:
    return SQLITE_MIGRATIONS if url.startswith("sqlite:") else POSTGRES_MIGRATIONS


def test_a_store_is_migrated_once_and_says_from_where_to_where(leftfold: Leftfold, unmigrated: str) -> None:
    newest = _migrations(unmigrated)[-1].version
    assert leftfold("migrate", "--store", unmigrated) == (0, f"migrated from schema 0 to {newest}\n", "")
    assert leftfold("migrate", "--store", unmigrated) == (0, f"schema {newest}, nothing to do\n", "")
    record(unmigrated, ("account-1", [event()]))
    assert leftfold("migrate", "--json", "--store", unmigrated).lines == [{"from": newest, "to": newest}]
    assert len(stored(unmigrated)) == 1


@pytest.mark.postgres
def test_a_store_that_needs_nothing_is_not_written_to(leftfold: Leftfold, store_url: str) -> None:
    read_only = f"{store_url}&options=-c%20default_transaction_read_only%3Don"
    newest = POSTGRES_MIGRATIONS[-1].version
    assert leftfold("migrate", "--store", read_only) == (0, f"schema {newest}, nothing to do\n", "")
    assert leftfold("migrate", "--store", read_only.replace("schema=", "schema=x")).code == 3


def test_check_lists_what_is_pending_and_changes_nothing(leftfold: Leftfold, unmigrated: str) -> None:
    pending = _migrations(unmigrated)
    for _ in range(2):
        ran = leftfold("migrate", "--check", "--store", unmigrated)
        assert ran.code == 1
        assert ran.out.splitlines() == ["schema 0, pending:", *(f"  {each.version}  {each.name}" for each in pending)]
    assert leftfold("migrate", "--check", "--json", "--store", unmigrated).lines == [
        {
            "found": 0,
            "pending": [
                {"version": each.version, "needs_code": each.needs_code, "name": each.name} for each in pending
            ],
        }
    ]
    leftfold("migrate", "--store", unmigrated)
    newest = pending[-1].version
    assert leftfold("migrate", "--check", "--store", unmigrated) == (0, f"schema {newest}, nothing pending\n", "")


def test_a_store_of_the_first_version_goes_on_after_it_was_migrated(leftfold: Leftfold, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.executescript((HERE / "sqlite_1.sql").read_text())
    database.close()
    assert "migrate" in leftfold("streams", "--store", old).err
    ran = leftfold("migrate", "--check", "--store", old)
    said, *steps = ran.out.splitlines()
    assert (ran.code, said, steps[0]) == (1, "schema 1, pending:", "  2  0002_snapshots")
    assert leftfold("migrate", "--json", "--store", old).lines == [{"from": 1, "to": 1 + len(steps)}]
    assert [line["events"] for line in leftfold("streams", "--json", "--store", old).lines] == [1, 3, 1]


def test_check_fails_on_a_schema_that_is_newer_than_the_code(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    leftfold("migrate", "--store", sqlite)
    with sqlite3.connect(tmp_path / "bank.db") as database:
        database.execute("update meta set value = 99")
    database.close()
    ran = leftfold("migrate", "--check", "--store", sqlite)
    assert ran.code == 1
    assert "newer" in ran.err


def test_sql_prints_a_script_that_makes_the_store_and_touches_nothing(
    leftfold: Leftfold, sqlite: str, tmp_path: Path
) -> None:
    ran = leftfold("migrate", "--sql", "--store", sqlite)
    assert (ran.code, ran.err) == (0, "")
    assert list(tmp_path.iterdir()) == []
    assert leftfold("migrate", "--sql", "--json", "--store", sqlite).lines == [{"sql": ran.out}]
    with sqlite3.connect(tmp_path / "bank.db", isolation_level=None) as database:
        database.executescript(ran.out)
    database.close()
    assert leftfold("migrate", "--check", "--store", sqlite).code == 0
    record(sqlite, ("account-1", [event()]))
    assert leftfold("streams", "--json", "--store", sqlite).lines[0]["events"] == 1


def test_sql_prints_what_a_store_of_an_older_schema_lacks(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    whole = leftfold("migrate", "--sql", "--store", sqlite).out
    later = leftfold("migrate", "--sql", "--after", "1", "--store", sqlite).out
    for script, code in ((whole.removesuffix(later), 1), (later, 0)):
        with closing(sqlite3.connect(tmp_path / "bank.db", isolation_level=None)) as database:
            database.executescript(script)
        assert leftfold("migrate", "--check", "--store", sqlite).code == code


def test_sql_after_a_version_that_is_not_there_yet_is_refused(leftfold: Leftfold, sqlite: str) -> None:
    for url in (sqlite, "postgresql://nobody@localhost:1/nowhere"):
        ran = leftfold("migrate", "--sql", "--after", "999", "--store", url)
        assert (ran.code, ran.out) == (2, "")
        assert "no schema version 999 yet" in ran.err


def test_sql_asks_no_server(leftfold: Leftfold) -> None:
    ran = leftfold(
        "migrate", "--sql", "--role", "app", "--store", "postgresql://nobody@localhost:1/nowhere?schema=mine"
    )
    assert ran.code == 0
    assert 'create schema if not exists "mine"' in ran.out
    assert 'to "app"' in ran.out


def test_sqlite_has_no_roles(leftfold: Leftfold, sqlite: str) -> None:
    ran = leftfold("migrate", "--role", "app", "--store", sqlite)
    assert ran.code == 2
    assert "PostgreSQL" in ran.err


@pytest.mark.parametrize("role", ["", "\udcff"])
def test_what_is_no_name_is_no_role(leftfold: Leftfold, role: str) -> None:
    ran = leftfold("migrate", "--role", role, "--store", "postgresql://me:secret@localhost:1/nowhere")
    assert (ran.code, ran.out) == (2, "")
    assert "is no name; give that of a role there" in ran.err
    assert "secret" not in ran.err


@pytest.mark.postgres
async def made_role(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("create role teller login")
    await connection.close()


@pytest.mark.postgres
def test_a_role_can_append_and_read_and_not_migrate(leftfold: Leftfold, bare_url: str, database: str) -> None:
    import asyncio

    asyncio.run(made_role(database))
    assert leftfold("migrate", "--role", "teller", "--store", bare_url).code == 0
    split = urlsplit(bare_url)
    teller = split._replace(netloc=f"teller@{split.netloc.rpartition('@')[2]}").geturl()
    record(teller, ("account-1", [event()]))
    assert leftfold("streams", "--json", "--store", teller).lines[0]["stream"] == "account-1"
    assert leftfold("migrate", "--check", "--store", teller).code == 0
    refused = leftfold("migrate", "--store", teller.replace("schema=", "schema=x"))
    assert refused.code == 3
    assert "permission denied" in refused.err

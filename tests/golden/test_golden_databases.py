"""G6: a database of every released schema version opens under this code, holds the same events, and takes new ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from leftfold.adapters.postgres import open_postgres
from leftfold.adapters.postgres.migrations import MIGRATIONS as POSTGRES_MIGRATIONS
from leftfold.adapters.sqlite import open_sqlite
from leftfold.adapters.sqlite.schema import MIGRATIONS as SQLITE_MIGRATIONS
from leftfold.store import Migration, ToStream
from leftfold.testing.conformance.stores import FullStore, event, log_of
from leftfold.testing.postgres import PostgresServer
from tests.golden.stores import HERE, events_in, repeatable

_numbers = count(1)


def _golden(kind: str) -> list[Path]:
    return sorted(HERE.glob(f"{kind}_*.sql"))


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
    await store.close()

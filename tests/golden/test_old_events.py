"""G5 and G6: what old releases have stored is read by the code of today, at every time, and stays as it is.

A golden database of each kind of store holds events of old types and versions, as old releases wrote them, and old
snapshots: of the fold before today's, damaged, of an upcast that was wrong, and one that is sound.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from leftfold.app import open_store
from leftfold.app.opening import open_schema
from leftfold.store import Snapshot
from leftfold.testing.conformance.stores import log_of
from leftfold.testing.postgres import PostgresServer
from tests.golden.accounts import Account
from tests.golden.old_events import EVENTS, TODAY, dumps, restored_sqlite
from tests.golden.reading import Answers, account_of, answers, answers_in, app_on, checks, dropping
from tests.golden.stores import events_in

_COUNT: Final = 20
_MISLED: Final = "D"
_TABLES: Final = {
    "sqlite": (f"select * from events where position <= {_COUNT}", "select * from names", "select * from tags"),
    "postgres": (
        f"select e.*, e.data::text from leftfold.events e where position <= {_COUNT} order by position",
        f"select * from leftfold.tags where position <= {_COUNT} order by position, tag",
    ),
}
_numbers = count(1)


class Golden(NamedTuple):
    """A golden database that was loaded.

    Args:
        url: of the store.
        digest: of every stored byte of the golden events.
    """

    url: str
    digest: Callable[[], str]


def _loaded(dump: Path, request: pytest.FixtureRequest, directory: Path) -> Golden:
    if dump.stem.startswith("sqlite"):
        return Golden(restored_sqlite(dump, directory), lambda: _digest_of_file(directory / "golden.db"))
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"old_events{next(_numbers)}"
    url = server.create_database(name)
    server.execute(dump.read_text(), name)
    tables = _TABLES["postgres"]
    return Golden(url, lambda: sha256("\n".join(server.execute(sql, name) for sql in tables).encode()).hexdigest())


def _digest_of_file(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        rows = [connection.execute(sql).fetchall() for sql in _TABLES["sqlite"]]
    connection.close()
    return sha256(repr(rows).encode()).hexdigest()


@pytest.fixture(
    params=[
        pytest.param(dump, marks=[pytest.mark.postgres] if kind == "postgres" else [], id=dump.stem)
        for kind in _TABLES
        for dump in dumps(kind)
    ]
)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Golden]:
    """Each golden database, brought to today's schema; whatever a test does, no stored byte of it may be another."""
    loaded = _loaded(request.param, request, tmp_path)
    before = loaded.digest()
    asyncio.run(open_schema(loaded.url).migrate())
    yield loaded
    assert loaded.digest() == before, "stored bytes were rewritten"


@pytest.fixture
def today() -> Answers:
    """What the code of today has to read."""
    return answers_in(TODAY.read_bytes())


async def _snapshots(url: str) -> list[Snapshot]:
    store = await open_store(url)
    try:
        return list(await store.read_snapshots())
    finally:
        await store.close()


def _but_misled(found: Answers) -> Answers:
    """Everything but what was asked of the account that a wrong snapshot tells of."""
    return {
        question: {asked: answer for asked, answer in given.items() if account_of(asked) != _MISLED}
        for question, given in found.items()
    }


async def test_it_holds_what_old_releases_wrote_byte_for_byte(golden: Golden) -> None:
    store = await open_store(golden.url)
    assert await log_of(store) == events_in(EVENTS)
    await store.close()


async def test_states_of_every_time_are_those_that_old_events_mean_today(golden: Golden, today: Answers) -> None:
    async with app_on(golden.url) as app:
        found = await answers(app)
    wanted = {question: today[question] for question in found}
    assert _but_misled(found) == _but_misled(wanted)
    assert len(wanted["log"]) == _COUNT


def test_the_command_reads_every_kind_of_event_and_names_each_bad_snapshot(golden: Golden, today: Answers) -> None:
    found = checks(golden.url)
    assert found == {question: today[question] for question in found}


def test_once_bad_snapshots_are_dropped_every_state_is_right(golden: Golden, today: Answers) -> None:
    question = "verify --snapshots --drop"
    assert dropping(golden.url) == today[question]

    async def read() -> Answers:
        async with app_on(golden.url) as app:
            return await answers(app)

    found = asyncio.run(read())
    assert found == {question: today[question] for question in found}
    assert [(kept.key.stream, kept.key.version) for kept in asyncio.run(_snapshots(golden.url))] == [("account-Zoë", 5)]


async def test_a_snapshot_is_used_if_it_is_whole_and_of_this_fold(
    golden: Golden, caplog: pytest.LogCaptureFixture
) -> None:
    before = await _snapshots(golden.url)
    async with app_on(golden.url) as app:
        accounts = app.repository(Account)
        with caplog.at_level(logging.WARNING, "leftfold"):
            loaded = {id: await accounts.load(id) for id in ("B", "C", _MISLED, "E", "Zoë")}
    assert {id: (each.snapshot, each.replayed) for id, each in loaded.items()} == {
        "B": (0, 4),
        "C": (0, 4),
        _MISLED: (3, 1),
        "E": (0, 1),
        "Zoë": (5, 2),
    }
    assert loaded[_MISLED].state.balance == 1251, "nothing tells a wrong state from a right one but folding again"
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "leftfold"]
    assert "account-C" in warning
    after = await _snapshots(golden.url)
    assert [kept for kept in after if kept in before] == before
    assert [(kept.key.stream, kept.key.version) for kept in after if kept not in before] == [
        ("account-B", 4),
        ("account-C", 4),
    ]


async def test_commands_go_on_from_old_events(golden: Golden) -> None:
    async with app_on(golden.url) as app:
        accounts = app.repository(Account)
        for id in ("B", "C", "E", "Zoë"):
            await accounts.edit(id, Account.deposit, Decimal(1000))
        found = {id: (each.version, each.balance) for id in ("B", "C", "E", "Zoë") if (each := await accounts.get(id))}
        assert (await log_of(app.store))[:_COUNT] == events_in(EVENTS)
    assert found == {
        "B": (5, Decimal(1012)),
        "C": (5, Decimal("1599.50")),
        "E": (2, Decimal(1000)),
        "Zoë": (8, Decimal("1119.00")),
    }

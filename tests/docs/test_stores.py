"""The page about running a store shows statements of SQL that find what they say."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from leftfold import App, Context, Event, Expected
from tests.conftest import ROOT

_PAGE = (ROOT / "docs" / "stores.md").read_text()
_STATEMENTS: dict[str, str] = dict(re.findall(r"```sql\n-- (\w+: \w+)\n(.*?)```", _PAGE, re.DOTALL))


class Deposited(Event):
    account: str
    cents: int


@dataclass(frozen=True)
class Balance:
    account: str
    cents: int


bank = Context("bank")


@bank.projection(key="account")
def balances(row: Balance | None, event: Deposited) -> Balance:
    return Balance(event.account, event.cents + (row.cents if row else 0))


async def _stored(url: str) -> None:
    async with App(bank, store=url) as app:
        for account, cents in (("ada", 5), ("bob", 7), ("ada", 4)):
            await app.events.append(
                f"account-{account}", Deposited(account=account, cents=cents), expected=Expected.ANY
            )
        await app.monitor.wait("balances", position=3)


async def test_rows_are_read_from_the_file(tmp_path: Path) -> None:
    await _stored(f"sqlite:///{tmp_path}/bank.db")
    with closing(sqlite3.connect(tmp_path / "bank.db")) as anybody:
        assert anybody.execute(_STATEMENTS["SQLite: rows"]).fetchall() == [("ada", 9), ("bob", 7)]


@pytest.mark.postgres
async def test_rows_and_events_are_read_from_the_database(lone_url: str) -> None:
    await _stored(lone_url)
    connection = await asyncpg.connect(lone_url)
    try:
        rows = await connection.fetch(_STATEMENTS["PostgreSQL: rows"])
        events = await connection.fetch(_STATEMENTS["PostgreSQL: events"])
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [("ada", 9), ("bob", 7)]
    assert [(one["stream"], one["version"], one["cents"]) for one in events] == [
        ("account-ada", 1, "5"),
        ("account-ada", 2, "4"),
    ]

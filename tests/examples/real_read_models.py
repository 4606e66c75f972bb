"""What the read models of the real bank have to say, asked by plain SQL and by queries."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from decimal import Decimal
from urllib.parse import parse_qs

import asyncpg

from examples.bank.account import MoneyCredited, MoneyWithdrawn
from examples.bank.reading import BusyDay, FindTransactions, GetBusiestDays, GetStatements, GetSummary, bank
from leftfold import App
from tests.examples.commands import python
from tests.examples.test_bank import BANK, log

__all__ = ["check_read_models"]

_TOTALS = "select count(*), sum(transactions), sum(deposits), sum(withdrawals), sum(balance) from {}account_summary"


async def _asked(store: str, sql: str) -> list[tuple[object, ...]]:
    if store.startswith("sqlite:"):
        with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as file:
            return [tuple(row) for row in file.execute(sql.format(""))]
    database, _, settings = store.partition("?")
    [schema] = parse_qs(settings).get("schema", ["leftfold"])
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(sql.format(f"{schema}_read."))]
    finally:
        await connection.close()


async def check_read_models(store: str) -> None:
    """Follow the log of the real bank at *store*, and compare its read models with the data and with the log."""
    for _ in range(2):  # the second time there is nothing left to do
        ran = python(*BANK, "follow", "--store", store)
        assert ran.returncode == 0, ran.stderr
    [(accounts, transactions, *sums)] = await _asked(store, _TOTALS)
    assert (accounts, transactions) == (1229, 49_102)
    exact = [round(Decimal(str(amount)), 2) for amount in sums]
    assert exact == [Decimal("177366296.30"), Decimal("138120153.50"), Decimal("39246142.80")]

    events = await log(store)
    days = Counter(f"{recorded.occurred_at:%Y-%m-%d}" for recorded in events)
    turnover: Counter[str] = Counter()
    for recorded in events:
        assert isinstance(recorded.event, MoneyCredited | MoneyWithdrawn)
        turnover[f"{recorded.occurred_at:%Y-%m-%d}"] += int(recorded.event.amount * 100)
    busiest = sorted(days.items(), key=lambda one: (-one[1], one[0]))[:5]
    async with App(bank, store=store, workers=False) as app:
        assert await app.ask(GetBusiestDays(days=5)) == [
            BusyDay(day=day, transactions=count, turnover=Decimal(turnover[day]) / 100) for day, count in busiest
        ]
        summary = await app.ask(GetSummary(account="11295"))
        statements = await app.ask(GetStatements(account="11295"))
        assert summary is not None
        assert sum(one.transactions for one in statements) == summary.transactions > 0
        assert sum((one.deposits - one.withdrawals for one in statements), Decimal(0)) == summary.balance
        found = await app.ask(FindTransactions(text="sipo* 11295", limit=1_000))
        assert found
        assert {row.account for row in found} == {"11295"}

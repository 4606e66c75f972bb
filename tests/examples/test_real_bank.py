"""The figures of a real bank, as its data's README has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from examples.bank.account import Account, MoneyCredited, MoneyWithdrawn
from leftfold import App, RecordedEvent
from tests.examples.commands import start
from tests.examples.test_bank import BANK, imported, kill_in_the_middle, log, report

ROWS = 49_102
TOTALS = {
    "accounts": 1229,
    "transactions": ROWS,
    "credits": "177366296.30",
    "withdrawals": "138120153.50",
    "net": "39246142.80",
}

pytestmark = pytest.mark.slow


async def test_a_real_banks_history_comes_to_its_figures_and_a_second_import_changes_nothing(
    real_file: Path, store: str
) -> None:
    summary, left_out = imported(real_file, store)
    assert summary == f"{ROWS} rows recorded, 0 stored before, 1 left out"
    assert [line.partition(":")[0] for line in left_out] == ["line 49104 left out"]
    assert report(store) == TOTALS

    events = await log(store)
    assert account_days(events) == {"days": 39_960, "exact": 23_634, "within 1.00": 39_932, "below zero": 52}

    assert imported(real_file, store) == (f"0 rows recorded, {ROWS} stored before, 1 left out", left_out)
    async with App(Account, store=store) as app:
        assert await app.store.head() == events[-1].position == ROWS


async def test_two_imports_at_once_of_which_one_is_killed_come_to_the_same_figures(real_file: Path, store: str) -> None:
    with start(*BANK, "import", str(real_file), store=store) as survivor:
        stored = await kill_in_the_middle(real_file, store, 5000)
        _, errors = survivor.communicate()
    assert survivor.returncode == 0, errors
    assert 5000 < stored < ROWS
    assert report(store) == TOTALS


def account_days(events: Sequence[RecordedEvent[object]]) -> dict[str, int]:
    """How the balances summed up to each day's end compare with those that the bank itself recorded that day."""
    days: dict[tuple[str, datetime], tuple[Decimal, set[Decimal]]] = {}
    balances: dict[str, Decimal] = {}
    for recorded in sorted(events, key=lambda one: (one.stream, one.occurred_at)):
        event = recorded.event
        assert isinstance(event, MoneyCredited | MoneyWithdrawn)
        assert event.booking is not None
        change = event.amount if isinstance(event, MoneyCredited) else -event.amount
        balance = balances[recorded.stream] = balances.get(recorded.stream, Decimal(0)) + change
        _, stated = days.get((recorded.stream, recorded.occurred_at), (balance, set[Decimal]()))
        days[recorded.stream, recorded.occurred_at] = (balance, stated | {event.booking.balance})
    return {
        "days": len(days),
        "exact": sum(balance in stated for balance, stated in days.values()),
        "within 1.00": sum(min(abs(balance - one) for one in stated) <= 1 for balance, stated in days.values()),
        "below zero": sum(balance < 0 for balance, _ in days.values()),
    }

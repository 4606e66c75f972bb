"""The figures of a real bank, as its data's README has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from examples.bank.account import Account, MoneyCredited, MoneyWithdrawn
from leftfold import App
from tests.examples.commands import start
from tests.examples.real_read_models import check_read_models
from tests.examples.test_bank import BANK, imported, kill_in_the_middle, log, report

ROWS = 49_102
TOTALS = {
    "accounts": 1229,
    "transactions": ROWS,
    "credits": "177366296.30",
    "withdrawals": "138120153.50",
    "net": "39246142.80",
    "account_days": 39_960,
    "exact": 23_634,
    "within_1": 39_932,
    "below_zero": 52,
}

pytestmark = pytest.mark.slow


async def test_two_imports_at_once_of_which_one_is_killed_come_to_the_figures_and_so_do_the_read_models(
    real_file: Path, store: str
) -> None:
    with start(*BANK, "import", str(real_file), store=store) as survivor:
        stored = await kill_in_the_middle(real_file, store, 5000)
        summary, left_out = survivor.communicate()
    assert survivor.returncode == 0, left_out
    assert 5000 < stored < ROWS
    counted = re.fullmatch(r"(\d+) rows recorded, (\d+) stored before, 1 left out", summary.strip())
    assert counted is not None, summary
    assert sum(map(int, counted.groups())) == ROWS
    assert [line.partition(":")[0] for line in left_out.splitlines()] == ["line 49104 left out"]
    assert report(store) == TOTALS
    async with App(Account, store=store) as app:
        assert await app.store.head() == ROWS
    await check_read_models(store)


@pytest.mark.long
async def test_the_second_half_of_the_file_before_the_first_gives_the_same_answers(
    real_file: Path, store: str, tmp_path: Path
) -> None:
    header, *rows = real_file.read_bytes().splitlines(keepends=True)
    for name, half in (("late", rows[25_000:]), ("early", rows[:25_000])):
        file = tmp_path / name
        file.write_bytes(header + b"".join(half))
        imported(file, store)
    assert report(store) == TOTALS
    async with App(Account, store=store) as app:  # in the middle of the first half, every account at once
        day, balances = datetime(1993, 6, 30, 23, tzinfo=UTC), Decimal(0)
        async for account in app.repository(Account).each(valid=day):
            balances += account.balance
        amounts = [_signed(recorded.event) for recorded in await log(store) if recorded.occurred_at <= day]
        assert balances == sum(amounts, Decimal(0)) != 0


def _signed(event: object) -> Decimal:
    assert isinstance(event, MoneyCredited | MoneyWithdrawn)
    return event.amount if isinstance(event, MoneyCredited) else -event.amount

"""What the bank holds, added up over its accounts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time
from decimal import Decimal

from msgspec import Struct

from examples.bank.account import Account, MoneyCredited, MoneyWithdrawn
from leftfold import App, RecordedEvent, StreamName


class Days(Struct, kw_only=True):
    """Account-days: the folded balance at the end of a day, beside what the bank's own books say about that day.

    Args:
        account_days: days of accounts on which something happened.
        exact: on so many, the bank booked exactly that balance.
        within_1: on so many, one that differs by no more than a crown, as the bank rounds interest.
        below_zero: on so many, the balance was below zero.
    """

    account_days: int = 0
    exact: int = 0
    within_1: int = 0
    below_zero: int = 0

    def count(self, balance: Decimal, booked: set[Decimal]) -> None:
        """Count one account-day."""
        self.account_days += 1
        self.exact += balance in booked
        self.within_1 += any(abs(balance - each) <= 1 for each in booked)
        self.below_zero += balance < 0


class Totals(Struct, kw_only=True):
    """Sums over all accounts, in crowns."""

    accounts: int = 0
    transactions: int = 0
    credits: Decimal = Decimal("0.00")
    withdrawals: Decimal = Decimal("0.00")
    days: Days

    @property
    def net(self) -> Decimal:
        """What came, less what went."""
        return self.credits - self.withdrawals


async def totals(app: App) -> Totals:
    """Fold every account, and add them up."""
    sums = Totals(days=Days())
    async for account in app.repository(Account).each():
        sums.accounts += 1
        sums.transactions += account.transactions
        sums.credits += account.credits
        sums.withdrawals += account.withdrawals
        await _count_days(app, account.id, sums.days)
    return sums


async def balance_on(app: App, id: str, day: date) -> Decimal:
    """What an account held at the end of a day, as far as it is known now.

    Raises:
        NotFound: nothing had happened to it by then.
    """
    end = datetime.combine(day, time.max, UTC)
    return (await app.repository(Account).at(id, valid=end)).balance


async def _count_days(app: App, id: str, days: Days) -> None:
    booked: defaultdict[datetime, set[Decimal]] = defaultdict(set)
    for recorded in await _read(app, StreamName("bank_account", id)):
        if isinstance(recorded.event, MoneyCredited | MoneyWithdrawn) and recorded.event.booking is not None:
            booked[recorded.occurred_at].add(recorded.event.booking.balance)
    for change in await app.repository(Account).history(id, lambda account: account.balance, valid=True):
        if change.at in booked:  # transactions of the books are dated by the day
            days.count(change.value, booked[change.at])


async def _read(app: App, stream: StreamName) -> list[RecordedEvent[object]]:
    found: list[RecordedEvent[object]] = []
    while page := await app.events.read(stream, after=found[-1].version if found else 0):
        found += page
    return found

"""Event store.

An account is what happened to it: it was opened with 1000, then 500 came and 200 went. Only these facts are stored, and
the balance is folded from them whenever somebody asks. The domain refuses to overdraw, and a writer who decided on a
version that has passed is told so; both times nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from leftfold import Aggregate, App, Conflict, DomainError, Event, StreamName, applies
from leftfold.ids import new_id


class AccountOpened(Event):
    """It began, with some money in it."""

    amount: Decimal


class MoneyDeposited(Event):
    """Money came."""

    amount: Decimal


class MoneyWithdrawn(Event):
    """Money went."""

    amount: Decimal


class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class Account(Aggregate[AccountOpened | MoneyDeposited | MoneyWithdrawn], category="account"):
    """Its methods decide and record what happened; `@applies` folds what happened into the balance."""

    balance: Decimal = Decimal(0)

    def open(self, amount: Decimal) -> None:
        """Begin."""
        self.record(AccountOpened(amount=amount))

    def deposit(self, amount: Decimal) -> None:
        """Take money in."""
        self.record(MoneyDeposited(amount=amount))

    def withdraw(self, amount: Decimal) -> None:
        """Pay money out, as far as there is any."""
        if amount > self.balance:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        self.record(MoneyWithdrawn(amount=amount))

    @applies
    def _came(self, event: AccountOpened | MoneyDeposited) -> None:
        self.balance += event.amount

    @applies
    def _went(self, event: MoneyWithdrawn) -> None:
        self.balance -= event.amount


FIGURES: Mapping[str, object] = {
    "balance": "1300",
    "version": 3,
    "overdraw": "refused",
    "conflict": {"expected": 0, "actual": 3},
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    id = f"ACC-{new_id()}"
    overdraw, conflict = "accepted", None
    async with App(Account, store=store) as app:
        accounts = app.repository(Account)
        await accounts.edit(id, Account.open, Decimal(1000))
        await accounts.edit(id, Account.deposit, Decimal(500))
        await accounts.edit(id, Account.withdraw, Decimal(200))
        try:
            await accounts.edit(id, Account.withdraw, Decimal(5000))
        except InsufficientFunds:
            overdraw = "refused"
        try:
            await app.events.append(StreamName("account", id), AccountOpened(amount=Decimal(1)), expected=0)
        except Conflict as late:
            conflict = {"expected": late.expected, "actual": late.actual}
        account = await accounts.get(id)  # folded from what is stored: both refusals left nothing behind
    return {"balance": str(account.balance), "version": account.version, "overdraw": overdraw, "conflict": conflict}

"""The context that both programs serve: accounts, and what is on them.

Where they leave following to others, that is `leftfold work --app examples.web.bank:app`, with their `BANK_STORE`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from leftfold import Aggregate, App, Command, Context, DomainError, Event, Query, ReadModel, applies

__all__ = [
    "Account",
    "AccountRow",
    "AccountView",
    "BadAmount",
    "Deposit",
    "MoneyDeposited",
    "OpenAccount",
    "app",
    "bank",
]

bank = Context("bank", purpose="Keep money")


class AccountOpened(Event):
    """Somebody has an account."""

    account: str
    owner: str


class MoneyDeposited(Event):
    """Money came."""

    account: str
    cents: int


class BadAmount(DomainError):
    """A deposit is above zero."""

    cents: int


class Account(Aggregate[AccountOpened | MoneyDeposited], category="account"):
    """Decides what may happen to one account."""

    cents: int = 0

    def open(self, owner: str) -> None:
        """Have it."""
        self.record(AccountOpened(account=self.id, owner=owner))

    def deposit(self, cents: int) -> int:
        """Put money on it; what is there now."""
        if cents <= 0:
            raise BadAmount(cents=cents)
        self.record(MoneyDeposited(account=self.id, cents=cents))
        return self.cents

    @applies
    def _opened(self, event: AccountOpened) -> None:
        pass

    @applies
    def _deposited(self, event: MoneyDeposited) -> None:
        self.cents += event.cents


class OpenAccount(Command[None]):
    """Have an account."""

    account: str
    owner: str


class Deposit(Command[int]):
    """Put money on an account; answers what is there now."""

    account: str
    cents: int


@bank.decides(Account, id="account", exists=False)
def open_account(command: OpenAccount, account: Account) -> None:
    """Only an id that is free."""
    account.open(command.owner)


@bank.decides(Account, id="account", exists=True)
def deposit(command: Deposit, account: Account) -> int:
    """Only on an account that there is."""
    return account.deposit(command.cents)


@dataclass(frozen=True)
class AccountRow:
    """An account as it is shown."""

    account: str
    owner: str
    cents: int


@bank.projection(key="account")
def accounts(row: AccountRow | None, event: AccountOpened | MoneyDeposited) -> AccountRow | None:
    """One row an account."""
    match row, event:
        case None, AccountOpened(account=account, owner=owner):
            return AccountRow(account, owner, 0)
        case AccountRow(), MoneyDeposited(cents=cents):
            return AccountRow(row.account, row.owner, row.cents + cents)
        case _:
            return row


class AccountView(Query[AccountRow | None]):
    """What is on an account?"""

    account: str


@bank.query
async def account_view(query: AccountView, rows: ReadModel[AccountRow]) -> AccountRow | None:
    """Look up its row."""
    return await rows.get(query.account)


def app(store: str | None = None, *, workers: bool = True) -> App:
    """What both programs open, not open yet.

    Args:
        store: URL of the store; `BANK_STORE`, or memory, when left out.
        workers: whether the process that opens it follows the log, see `App`.
    """
    return App(bank, store=store or os.environ.get("BANK_STORE", "memory:"), workers=workers)

from __future__ import annotations

import asyncio
from decimal import Decimal

from leftfold import Aggregate, App, DomainError, Event, applies


# events
class AccountOpened(Event):
    account: str
    owner: str


class MoneyDeposited(Event):
    account: str
    amount: Decimal


class MoneyWithdrawn(Event):
    account: str
    amount: Decimal


AccountEvent = AccountOpened | MoneyDeposited | MoneyWithdrawn


# a business no
class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


# decide
class BankAccount(Aggregate[AccountEvent], category="account"):
    owner: str
    balance: Decimal = Decimal(0)

    def open(self, owner: str) -> None:
        if self.version == 0:
            self.record(AccountOpened(account=self.id, owner=owner))

    def deposit(self, amount: Decimal) -> None:
        self.record(MoneyDeposited(account=self.id, amount=amount))

    def withdraw(self, amount: Decimal) -> None:
        if amount > self.balance:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        self.record(MoneyWithdrawn(account=self.id, amount=amount))

    # fold
    @applies
    def _opened(self, event: AccountOpened) -> None:
        self.owner = event.owner

    @applies
    def _deposited(self, event: MoneyDeposited) -> None:
        self.balance += event.amount

    @applies
    def _withdrew(self, event: MoneyWithdrawn) -> None:
        self.balance -= event.amount


# keep
async def main() -> None:
    async with App(BankAccount, store="sqlite:///bank.db") as app:
        accounts = app.repository(BankAccount)
        await accounts.edit("ACC-001", BankAccount.open, "Ada")
        await accounts.edit("ACC-001", BankAccount.deposit, Decimal(1500))
        await accounts.edit("ACC-001", BankAccount.withdraw, Decimal(200))
        try:
            await accounts.edit("ACC-001", BankAccount.withdraw, Decimal(5000))
        except InsufficientFunds as no:
            print(no)
        account = await accounts.get("ACC-001")
        print(account.owner, account.balance, account.version)


# run
if __name__ == "__main__":
    asyncio.run(main())

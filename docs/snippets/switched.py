from __future__ import annotations

from decimal import Decimal

from leftfold import Aggregate, App, Event, applies


class AccountOpened(Event):
    owner: str


class AccountDeposited(Event):
    amount: Decimal


class Account(Aggregate[AccountOpened | AccountDeposited]):
    owner: str = ""
    balance: Decimal = Decimal(0)

    def deposit(self, amount: Decimal) -> None:
        self.record(AccountDeposited(amount=amount))

    @applies
    def _opened(self, event: AccountOpened) -> None:
        self.owner = event.owner

    @applies
    def _deposited(self, event: AccountDeposited) -> None:
        self.balance += event.amount


app = App(Account, store="sqlite:///bank.db", name="bank")

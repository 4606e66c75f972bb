"""A bank as it was first released: every deposit is in the one currency there is."""

from __future__ import annotations

from leftfold import Aggregate, App, Event, applies
from leftfold.store import Store


class Deposited(Event):
    amount: int


class Account(Aggregate[Deposited]):
    balance: int = 0

    def deposit(self, amount: int) -> str:
        """Pay in; returns the balance."""
        self.record(Deposited(amount=amount))
        return str(self.balance)

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount


def bank(store: Store) -> App:
    """This release of the bank on a store."""
    return App(Account, store=store)


def said(event: object) -> str:
    """What an event says to this release."""
    assert isinstance(event, Deposited)
    return f"{event.amount}"


async def pay(app: App, account: str) -> str:
    """Pay 1 into an account; returns its balance."""
    return (await app.repository(Account).edit(account, Account.deposit, 1)).result

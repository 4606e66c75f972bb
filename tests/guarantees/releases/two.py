"""The same bank, one release later: a deposit has a currency, and deposits of the first release were in USD."""

from __future__ import annotations

from leftfold import Aggregate, App, Event, applies
from leftfold.store import Store


class DepositedV1(Event, name="Deposited"):
    amount: int


class Deposited(Event, version=2):
    amount: int
    currency: str


def deposits_were_in_usd(old: DepositedV1) -> Deposited:
    return Deposited(amount=old.amount, currency="USD")


class Account(Aggregate[Deposited]):
    balances: dict[str, int] = {}  # noqa: RUF012

    def deposit(self, amount: int) -> str:
        """Pay in euros; returns the balances."""
        self.record(Deposited(amount=amount, currency="EUR"))
        return " ".join(f"{amount} {currency}" for currency, amount in sorted(self.balances.items()))

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balances[event.currency] = self.balances.get(event.currency, 0) + event.amount


def bank(store: Store) -> App:
    """This release of the bank on a store."""
    return App(Account, store=store, upcasts=[deposits_were_in_usd])


def said(event: object) -> str:
    """What an event says to this release."""
    assert isinstance(event, Deposited)
    return f"{event.amount} {event.currency}"


async def pay(app: App, account: str) -> str:
    """Pay 1 into an account; returns its balance."""
    return (await app.repository(Account).edit(account, Account.deposit, 1)).result

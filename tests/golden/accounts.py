"""Accounts as the code of today knows them, and how it reads what releases before it have stored.

Today's fold is the second: the first one left fees in the balance.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from leftfold import Aggregate, App, Event, applies
from leftfold.messages import Upcast

__all__ = ["Account", "AccountEvent", "Deposited", "FeeCharged", "Opened", "Withdrawn", "make"]


class Opened(Event, name="AccountOpened", version=2):
    owner: str
    currency: str


class Deposited(Event, version=3):
    value: Decimal
    currency: str


class Withdrawn(Event, version=2):
    value: Decimal


class FeeCharged(Event):
    value: Decimal


class OpenedV1(Event, name="AccountOpened"):
    """Gained a currency."""

    owner: str


class DepositedV1(Event, name="Deposited"):
    """Gained a currency."""

    amount: Decimal
    teller: str


class DepositedV2(Event, name="Deposited", version=2):
    """Its amount became its value, and its teller went."""

    amount: Decimal
    teller: str
    currency: str


class WithdrawnV1(Event, name="Withdrawn"):
    """Its amount became its value."""

    amount: Decimal


class PaidIn(Event):
    """Became a deposit."""

    cents: int


class MovedOut(Event):
    """Said two things at once."""

    amount: Decimal
    fee: Decimal


class StatementPrinted(Event):
    """Said nothing that matters."""

    pages: int


def openings_were_in_eur(old: OpenedV1) -> Opened:
    return Opened(owner=old.owner, currency="EUR")


def deposits_were_in_eur(old: DepositedV1) -> DepositedV2:
    return DepositedV2(amount=old.amount, teller=old.teller, currency="EUR")


def tellers_are_forgotten(old: DepositedV2) -> Deposited:
    return Deposited(value=old.amount, currency=old.currency)


def withdrawals_have_a_value(old: WithdrawnV1) -> Withdrawn:
    return Withdrawn(value=old.amount)


def paying_in_is_a_deposit(old: PaidIn) -> Deposited:
    return Deposited(value=Decimal(old.cents).scaleb(-2), currency="EUR")


def a_fee_is_a_thing_of_its_own(old: MovedOut) -> tuple[WithdrawnV1, FeeCharged]:
    return WithdrawnV1(amount=old.amount), FeeCharged(value=old.fee)


def statements_do_not_matter(_old: StatementPrinted) -> None:
    return None


UPCASTS: Final[tuple[Upcast, ...]] = (
    openings_were_in_eur,
    deposits_were_in_eur,
    tellers_are_forgotten,
    withdrawals_have_a_value,
    paying_in_is_a_deposit,
    a_fee_is_a_thing_of_its_own,
    statements_do_not_matter,
)

AccountEvent = Opened | Deposited | Withdrawn | FeeCharged


class Account(Aggregate[AccountEvent], category="account", snapshot_every=4, state_version=2):
    """What it has last depends on the order of events; how many entries, on each event being read once."""

    owner: str
    balance: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    entries: tuple[Decimal, ...] = ()

    def deposit(self, value: Decimal) -> None:
        self.record(Deposited(value=value, currency="EUR"))

    @applies
    def _opened(self, event: Opened) -> None:
        self.owner = f"{event.owner} ({event.currency})"

    @applies
    def _deposited(self, event: Deposited) -> None:
        self._enter(event.value)

    @applies
    def _withdrew(self, event: Withdrawn) -> None:
        self._enter(-event.value)

    @applies
    def _charged(self, event: FeeCharged) -> None:
        self.fees += event.value
        self._enter(-event.value)

    def _enter(self, value: Decimal) -> None:
        self.balance += value
        self.entries = (*self.entries, value)


def make() -> App:
    """The app of today, for the command line."""
    return App(Account, store="memory:", upcasts=UPCASTS)

"""A small bank, as an aggregate and as a decider."""

from __future__ import annotations

from decimal import Decimal

from leftfold import Aggregate, Decider, DomainError, Event, applies


class AccountOpened(Event):
    owner: str


class Deposited(Event):
    amount: Decimal


class Withdrawn(Event):
    amount: Decimal


AccountEvent = AccountOpened | Deposited | Withdrawn


class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class Account(Aggregate[AccountEvent]):
    owner: str
    balance: Decimal = Decimal(0)

    def open(self, owner: str) -> None:
        self.record(AccountOpened(owner=owner))

    def deposit(self, amount: Decimal) -> Decimal:
        self.record(Deposited(amount=amount))
        return self.balance

    def withdraw(self, amount: Decimal, *, note: str = "") -> None:
        if amount > self.balance:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        self.record(Withdrawn(amount=amount), tags=(f"note:{note}",) if note else ())

    def look(self) -> Decimal:
        return self.balance

    @applies
    def _opened(self, event: AccountOpened) -> None:
        self.owner = event.owner

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount

    @applies
    def _withdrew(self, event: Withdrawn) -> None:
        self.balance -= event.amount


class Withdraw(Event):
    amount: Decimal


class Empty(Event):
    pass


def decide(command: Withdraw | Empty, balance: Decimal) -> list[Deposited | Withdrawn]:
    match command:
        case Withdraw(amount=amount):
            if amount > balance:
                raise InsufficientFunds(balance=balance, requested=amount)
            return [Withdrawn(amount=amount)]
        case Empty():
            return [Withdrawn(amount=balance)] if balance else []


def evolve(balance: Decimal, event: Deposited | Withdrawn) -> Decimal:
    match event:
        case Deposited(amount=amount):
            return balance + amount
        case Withdrawn(amount=amount):
            return balance - amount


purse = Decider(decide, evolve, Decimal(0), category="purse")

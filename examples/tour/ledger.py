"""What the patterns about reading share: accounts of a branch, and commands on them."""

from __future__ import annotations

from decimal import Decimal

from leftfold import Aggregate, Command, DomainError, Event, applies


class LedgerOpened(Event):
    """An account began, with some money in it."""

    account: str
    branch: str
    owner: str
    amount: Decimal


class LedgerCredited(Event):
    """Money came."""

    account: str
    branch: str
    amount: Decimal


class LedgerDebited(Event):
    """Money went."""

    account: str
    branch: str
    amount: Decimal


LedgerEvent = LedgerOpened | LedgerCredited | LedgerDebited


class TooLittle(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class Ledger(Aggregate[LedgerEvent], category="branch_ledger"):
    """An account; a branch is there so that each run of the tour has accounts of its own."""

    branch: str = ""
    balance: Decimal = Decimal(0)

    def open(self, branch: str, owner: str, amount: Decimal) -> None:
        """Begin."""
        self.record(LedgerOpened(account=self.id, branch=branch, owner=owner, amount=amount))

    def credit(self, amount: Decimal) -> None:
        """Take money in."""
        self.record(LedgerCredited(account=self.id, branch=self.branch, amount=amount))

    def debit(self, amount: Decimal) -> None:
        """Pay money out, as far as there is any."""
        if amount > self.balance:
            raise TooLittle(balance=self.balance, requested=amount)
        self.record(LedgerDebited(account=self.id, branch=self.branch, amount=amount))

    @applies
    def _opened(self, event: LedgerOpened) -> None:
        self.branch, self.balance = event.branch, event.amount

    @applies
    def _credited(self, event: LedgerCredited) -> None:
        self.balance += event.amount

    @applies
    def _debited(self, event: LedgerDebited) -> None:
        self.balance -= event.amount


class Open(Command):
    """Open an account."""

    account: str
    branch: str
    owner: str
    amount: Decimal


class Credit(Command[Decimal]):
    """Pay in; answers the new balance."""

    account: str
    amount: Decimal


class Debit(Command[Decimal]):
    """Pay out; answers the new balance."""

    account: str
    amount: Decimal


def open_account(command: Open, ledger: Ledger) -> None:
    """Decide that an account is opened."""
    ledger.open(command.branch, command.owner, command.amount)


def credit(command: Credit, ledger: Ledger) -> Decimal:
    """Decide that money comes."""
    ledger.credit(command.amount)
    return ledger.balance


def debit(command: Debit, ledger: Ledger) -> Decimal:
    """Decide that money goes."""
    ledger.debit(command.amount)
    return ledger.balance

"""The domain: what happens to an account, and what it allows."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from leftfold import Aggregate, DomainError, Event, UnitOfWork, applies

CENT = Decimal("0.01")
TRILLION = Decimal(10) ** 12


class Booking(Struct, frozen=True, kw_only=True):
    """What the bank's own books say about a transaction, in the bank's words."""

    trans_id: int
    type: str
    operation: str
    purpose: str
    balance: Decimal
    partner_bank: str
    partner_account: str


class AccountOpened(Event):
    """Somebody has an account."""

    owner: str


class MoneyCredited(Event):
    """Money came; *booking* is there when it was recorded from the bank's books."""

    amount: Decimal
    booking: Booking | None = None


class MoneyWithdrawn(Event):
    """Money went; *booking* likewise."""

    amount: Decimal
    booking: Booking | None = None


AccountEvent = AccountOpened | MoneyCredited | MoneyWithdrawn


class AccountExists(DomainError):
    """The account is open already."""

    account: str


class NoSuchAccount(DomainError):
    """Nothing ever happened to this account; open it first."""

    account: str


class BadAmount(DomainError):
    """An amount is above zero, below a trillion, and in whole hundredths."""

    amount: Decimal


class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class Account(Aggregate[AccountEvent], category="bank_account"):
    """Decides on commands; history that was recorded before it came is folded all the same, below zero too."""

    owner: str = ""
    transactions: int = 0
    credits: Decimal = Decimal(0)
    withdrawals: Decimal = Decimal(0)

    @property
    def balance(self) -> Decimal:
        """Everything that came, less everything that went."""
        return self.credits - self.withdrawals

    def open(self, owner: str) -> None:
        """Begin; an account opens once."""
        if self.version:
            raise AccountExists(account=self.id)
        self.record(AccountOpened(owner=owner))

    def deposit(self, amount: Decimal) -> None:
        """Take money in."""
        self._check(amount)
        self.record(MoneyCredited(amount=amount))

    def withdraw(self, amount: Decimal) -> None:
        """Pay money out, as far as there is any."""
        self._check(amount)
        if amount > self.balance:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        self.record(MoneyWithdrawn(amount=amount))

    def _check(self, amount: Decimal) -> None:
        if not self.version:
            raise NoSuchAccount(account=self.id)
        if not (amount.is_finite() and 0 < amount < TRILLION) or amount % CENT:
            raise BadAmount(amount=amount)

    @applies
    def _opened(self, event: AccountOpened) -> None:
        self.owner = event.owner

    @applies
    def _credited(self, event: MoneyCredited) -> None:
        self.transactions += 1
        self.credits += event.amount

    @applies
    def _withdrew(self, event: MoneyWithdrawn) -> None:
        self.transactions += 1
        self.withdrawals += event.amount


async def transfer(unit: UnitOfWork, source: str, target: str, amount: Decimal) -> None:
    """Move money; both sides are stored in one commit, or neither."""
    accounts = unit.repository(Account)
    payer, payee = await accounts.get(source), await accounts.get(target)
    payer.withdraw(amount)
    payee.deposit(amount)

"""The account in eventsourcing's terms."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent

from benchmarks.payloads import CURRENCY, NOTE, reference

__all__ = ["Account", "Bank"]


class Account(Aggregate):
    """Adds up deposits and allows no more than a limit."""

    @event("Opened")
    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.balance = 0

    def deposit(self, amount: int) -> None:
        """Take money in."""
        if self.balance + amount > 10**9:
            raise ValueError("no account holds so much")
        self._deposited(amount, CURRENCY, reference(), NOTE)

    @event("Deposited")
    def _deposited(self, amount: int, currency: str, reference: str, note: str) -> None:
        self.balance += amount


class Bank(Application[UUID]):
    """Accounts."""

    def load(self, id: UUID) -> Account:
        """The account, folded from its events."""
        account: Account = self.repository.get(id)
        return account

    def new_account(self) -> UUID:
        """The id of an account without deposits."""
        account = Account(CURRENCY)
        self.save(account)
        return account.id

    def deposit(self, id: UUID) -> int:
        """One command; returns the position of its event."""
        account = self.load(id)
        account.deposit(100)
        [recording] = self.save(account)
        return recording.notification.id

    def pattern(self, size: int) -> Sequence[StoredEvent]:
        """The stored events of an account of *size* events, to be copied to others."""
        account = Account(CURRENCY)
        for _ in range(size - 1):
            account.deposit(100)
        return [self.mapper.to_stored_event(pending) for pending in account.collect_events()]

    def copied(self, stored: StoredEvent, id: UUID) -> StoredEvent:
        """The same event of another account; an account's id is no part of its events' content."""
        return StoredEvent(id, stored.originator_version, stored.topic, stored.state)

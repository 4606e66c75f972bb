"""Temporal queries.

Every event has two times: when the store recorded it, and when it happened. So an account answers what was known at a
moment, and what is known now about a moment. A history that starts late starts with the balance that held then. And a
fee of a past day that is told late changes what we know about that day, not what we knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from leftfold import Aggregate, App, Event, StreamName, applies
from leftfold.ids import new_id


class LedgerOpened(Event):
    """It began, with some money in it."""

    amount: Decimal


class LedgerCredited(Event):
    """Money came."""

    amount: Decimal


class LedgerDebited(Event):
    """Money went."""

    amount: Decimal


class Ledger(Aggregate[LedgerOpened | LedgerCredited | LedgerDebited], category="ledger"):
    """Its methods say when things happened; when they were recorded, the store says."""

    balance: Decimal = Decimal(0)

    def open(self, amount: Decimal, on: datetime) -> None:
        """Begin."""
        self.record(LedgerOpened(amount=amount), valid_at=on)

    def credit(self, amount: Decimal, on: datetime) -> None:
        """Money came."""
        self.record(LedgerCredited(amount=amount), valid_at=on)

    def debit(self, amount: Decimal, on: datetime) -> None:
        """Money went."""
        self.record(LedgerDebited(amount=amount), valid_at=on)

    @applies
    def _came(self, event: LedgerOpened | LedgerCredited) -> None:
        self.balance += event.amount

    @applies
    def _went(self, event: LedgerDebited) -> None:
        self.balance -= event.amount


FIGURES: Mapping[str, object] = {
    "as_of": "1500",
    "now": "1300",
    "history": ["1000", "1500", "1300"],
    "late_range_starts_at": "1500",
    "known_then": "1500",
    "known_now": "1400",
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    id = f"LED-{new_id()}"
    async with App(Ledger, store=store) as app:
        ledgers = app.repository(Ledger)
        await ledgers.edit(id, Ledger.open, Decimal(1000), _march(1))
        await ledgers.edit(id, Ledger.credit, Decimal(500), _march(10))
        await ledgers.edit(id, Ledger.debit, Decimal(200), _march(20))
        credited, debited = (each.recorded_at for each in await app.events.read(StreamName("ledger", id), after=1))
        before = await ledgers.at(id, recorded=credited)
        now = await ledgers.get(id)
        history = await ledgers.history(id, _balance)
        late = await ledgers.history(id, _balance, since=credited)

        await ledgers.edit(id, Ledger.debit, Decimal(100), _march(12))  # a fee of the 12th, told after the 20th
        then = await ledgers.at(id, valid=_march(15), recorded=debited)
        corrected = await ledgers.at(id, valid=_march(15))
    return {
        "as_of": str(before.balance),
        "now": str(now.balance),
        "history": [str(change.value) for change in history],
        "late_range_starts_at": str(late[0].value),
        "known_then": str(then.balance),
        "known_now": str(corrected.balance),
    }


def _march(day: int) -> datetime:
    return datetime(2024, 3, day, tzinfo=UTC)


def _balance(ledger: Ledger) -> Decimal:
    return ledger.balance

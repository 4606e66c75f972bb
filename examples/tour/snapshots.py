"""Snapshots.

Folding an account of many events takes longer every day. `snapshot_every=100` keeps its state whenever a hundred
events came since the last time, however few or many one append brought: saved one by one, 250 events leave a snapshot
at 200, and 50 are replayed on top of it; saved at once, they leave one at 250. A snapshot never answers for newer
events, and one that other code took is ignored, not misread.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from leftfold import Aggregate, App, Event, UnitOfWork, applies
from leftfold.ids import new_id


class SavingsOpened(Event):
    """It began, with some money in it."""

    amount: Decimal


class SavingsAdded(Event):
    """Money came."""

    amount: Decimal


class Savings(Aggregate[SavingsOpened | SavingsAdded], category="savings", snapshot_every=100):
    """Nothing but the keyword asks for snapshots; the state is written from its annotations."""

    balance: Decimal = Decimal(0)

    def open(self, amount: Decimal) -> None:
        """Begin."""
        self.record(SavingsOpened(amount=amount))

    def add(self, amount: Decimal) -> None:
        """Take money in."""
        self.record(SavingsAdded(amount=amount))

    @applies
    def _came(self, event: SavingsOpened | SavingsAdded) -> None:
        self.balance += event.amount


FIGURES: Mapping[str, object] = {
    "one_by_one": {"snapshot": 200, "replayed": 50},
    "at_once": {"snapshot": 250, "replayed": 0},
    "balance": "3490",
    "version": 250,
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    slow, fast = f"SAV-{new_id()}", f"SAV-{new_id()}"

    async def fill(unit: UnitOfWork) -> None:
        savings = unit.repository(Savings).new(fast)
        savings.open(Decimal(1000))
        for _ in range(249):
            savings.add(Decimal(10))

    async with App(Savings, store=store) as app:  # its end waits for the snapshots that are on their way
        accounts = app.repository(Savings)
        await accounts.edit(slow, Savings.open, Decimal(1000))
        for _ in range(249):
            await accounts.edit(slow, Savings.add, Decimal(10))
        await app.transact(fill)
    async with App(Savings, store=store) as app:
        one_by_one = await app.repository(Savings).load(slow)
        at_once = await app.repository(Savings).load(fast)
    return {
        "one_by_one": {"snapshot": one_by_one.snapshot, "replayed": one_by_one.replayed},
        "at_once": {"snapshot": at_once.snapshot, "replayed": at_once.replayed},
        "balance": str(one_by_one.state.balance) if one_by_one.state.balance == at_once.state.balance else "differs",
        "version": one_by_one.version,
    }

"""Apps for the commands that fold, and what these tests put into a store through them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from leftfold import App, Envelope, Event, Expected, SyncApp, applies
from leftfold.app import open_store
from leftfold.domain import Aggregate, Decider
from leftfold.store import EventStore, Snapshot, ToStream
from leftfold.testing import ManualClock

__all__ = ["APP", "Audited", "Box", "Paid", "Till", "day", "fill", "filled", "make", "told_in", "told_late"]

APP = "tests.cli.tills:make"


class Paid(Event, name="verify.Paid"):
    amount: Decimal


class Till(Aggregate[Paid], category="till", snapshot_every=3):
    total: Decimal = Decimal(0)

    def pay(self, amount: Decimal) -> None:
        self.record(Paid(amount=amount))

    @applies
    def _paid(self, event: Paid) -> None:
        self.total += event.amount


class Recounted(Aggregate[Paid], category="till", snapshot_every=3, state_version=2):
    total: Decimal = Decimal(0)

    @applies
    def _paid(self, event: Paid) -> None:
        self.total += event.amount


class Raising(Aggregate[Paid], category="till", snapshot_every=3):
    __qualname__ = "Till"  # later code of the same class, so that it reads the same snapshots
    total: Decimal = Decimal(0)

    @applies
    def _paid(self, event: Paid) -> None:
        raise KeyError("lost")


class Audited(Aggregate[Paid], category="till"):
    total: Decimal = Decimal(0)

    @applies
    def _paid(self, event: Paid) -> None:
        self.total += event.amount


class Put(Event, name="verify.Put"):
    thing: str


def _decide(command: Put, state: tuple[str, ...]) -> list[Put]:
    return [] if command.thing in state else [command]


def _evolve(state: tuple[str, ...], event: Put) -> tuple[str, ...]:
    return (*state, event.thing)


_NOTHING: tuple[str, ...] = ()
Box = Decider(_decide, _evolve, _NOTHING, category="box")


def make() -> App:
    return App(Till, Box, store="memory:")


def in_sync() -> SyncApp:
    return make().sync()


def recounting() -> App:
    return App(Recounted, store="memory:")


def raising() -> App:
    return App(Raising, store="memory:")


def _break_down(state: tuple[str, ...], event: Put) -> tuple[str, ...]:
    raise LookupError(*state, event.thing)


def breaking_down() -> App:
    return App(Decider(_decide, _break_down, _NOTHING, category="box"), store="memory:")


def twice() -> App:
    return App(Till, Audited, store="memory:")


def empty() -> App:
    return App(store="memory:")


def fill(url: str, then: Callable[[Snapshot], Snapshot] | None = None, *, payments: int = 4, id: str = "1") -> str:
    """Put one till of so many payments, 0, 1, 2 and so on times its id, into a store; every third has a snapshot.

    Args:
        then: changes the first snapshot.
    """

    async def work() -> None:
        async with App(Till, store=url) as app:
            for amount in range(payments):
                await app.repository(Till).edit(id, Till.pay, Decimal(amount) * int(id))
        if then is not None:
            store = await open_store(url)
            snapshot, *_ = await store.read_snapshots()
            changed = then(snapshot)
            if changed.key != snapshot.key:
                await store.drop_snapshots([snapshot.key])
            await store.save_snapshot(changed)
            await store.close()

    asyncio.run(work())
    return url


def filled(directory: Path, then: Callable[[Snapshot], Snapshot] | None = None, *, payments: int = 4) -> str:
    """`fill` a new SQLite store, `tills.db` in *directory*."""
    return fill(f"sqlite:///{directory}/tills.db", then, payments=payments)


def day(number: int) -> datetime:
    """Noon of a day of March 2026, in UTC."""
    return datetime(2026, 3, number, 12, tzinfo=UTC)


def told_in(url: str, *recorded: datetime) -> str:
    """One till, paid 1 at each of these times of the store's clock."""

    async def work() -> None:
        clock = ManualClock(recorded[0])
        async with App(Till, store=url, clock=clock) as app:
            for moment in recorded:
                clock.set(moment)
                await app.repository(Till).edit("1", Till.pay, Decimal(1))

    asyncio.run(work())
    return url


def told_late(url: str) -> str:
    """One till: 100 are paid and recorded on the 10th, 7 of the 10th on the 20th, and 1 on the 25th."""
    payments: Sequence[tuple[int, int, int]] = ((100, 10, 10), (7, 10, 20), (1, 25, 25))

    async def work() -> None:
        clock = ManualClock(day(1))
        store = await open_store(url, clock=clock)
        events = EventStore(store, make().codec)
        for amount, happened, recorded in payments:
            clock.set(day(recorded))
            paid = Envelope(event=Paid(amount=Decimal(amount)), valid_at=day(happened))
            part: ToStream = events.part("till-1", paid, expected=Expected.ANY)
            await store.append(part)
        await store.close()

    asyncio.run(work())
    return url

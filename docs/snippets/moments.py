from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

from leftfold import Aggregate, App, AsOf, Event, Snapshots, applies


# model
class Deposited(Event):
    amount: Decimal


class Charged(Event):
    amount: Decimal


class Account(Aggregate[Deposited | Charged], snapshot_every=100):
    balance: Decimal = Decimal(0)
    movements: int = 0

    def deposit(self, amount: Decimal, on: datetime | None = None) -> None:
        self.record(Deposited(amount=amount), valid_at=on)

    def charge(self, amount: Decimal, on: datetime | None = None) -> None:
        self.record(Charged(amount=amount), valid_at=on)

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount
        self.movements += 1

    @applies
    def _charged(self, event: Charged) -> None:
        self.balance -= event.amount
        self.movements += 1


def may(day: int) -> datetime:
    return datetime(2024, 5, day, tzinfo=UTC)


# snapshots
async def show_snapshots(app: App) -> None:
    accounts = app.repository(Account)
    for _ in range(250):
        await accounts.edit("busy", Account.deposit, Decimal(1))
    loaded = await accounts.load("busy")
    print(f"version {loaded.version}: a snapshot of {loaded.snapshot}, and {loaded.replayed} events on top")


# version
async def show_versions(app: App) -> None:
    account = await app.repository(Account).at("busy", version=42)
    print(f"after 42 events: {account.balance}")


# recorded
async def show_what_was_known(app: App) -> None:
    accounts = app.repository(Account)
    await accounts.edit("ada", Account.deposit, Decimal(1000), may(1))
    await accounts.edit("ada", Account.deposit, Decimal(500), may(10))
    [told] = await app.events.read("account-ada", backward=True, limit=1)
    await accounts.edit("ada", Account.charge, Decimal(200), may(20))
    then = await accounts.at("ada", recorded=told.recorded_at)
    now = await accounts.get("ada")
    print(f"known then: {then.balance}, known now: {now.balance}")


# valid
async def show_what_was_so(app: App) -> None:
    accounts = app.repository(Account)
    [told] = await app.events.read("account-ada", backward=True, limit=1)
    await accounts.edit("ada", Account.charge, Decimal(100), may(12))  # a fee of the 12th, told after the 20th
    known_now = await accounts.at("ada", valid=may(15))
    known_then = await accounts.at("ada", valid=may(15), recorded=told.recorded_at)
    print(f"on the 15th it had {known_now.balance}; before the fee was told, we said {known_then.balance}")


# history
async def show_history(app: App) -> None:
    accounts = app.repository(Account)
    booked = await accounts.history("ada", lambda account: account.balance)
    happened = await accounts.history("ada", lambda account: account.balance, since=may(11), valid=True)
    print("as it was told:", *(change.value for change in booked))
    print("as it was:", *(f"{change.at:%d.%m.} {change.value}" for change in happened))


# between
async def show_what_came_between(app: App) -> None:
    for recorded in await app.repository(Account).between("ada", may(9), may(15), valid=True):
        print(f"{recorded.occurred_at:%d.%m.} {recorded.type}")


# diff
async def show_differences(app: App) -> None:
    for difference in await app.repository(Account).diff("ada", AsOf(version=1), AsOf(version=3)):
        print(f"{difference.attribute}: {difference.before} -> {difference.after}")


# each
async def show_everybody(app: App) -> None:
    async for account in app.repository(Account).each(valid=may(5)):
        print(f"on the 5th, {account.id} had {account.balance}")


# run
def bank() -> App:
    return App(Account, store="sqlite:///moments.db", snapshots=Snapshots(with_append=True))


async def main() -> None:
    async with bank() as app:
        await show_snapshots(app)
        await show_versions(app)
        await show_what_was_known(app)
        await show_what_was_so(app)
        await show_history(app)
        await show_what_came_between(app)
        await show_differences(app)
        await show_everybody(app)


if __name__ == "__main__":
    asyncio.run(main())

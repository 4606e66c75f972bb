from __future__ import annotations

import asyncio
from decimal import Decimal

from leftfold import Aggregate, App, Event, applies


# first
class DepositedV1(Event, name="Deposited"):
    amount: Decimal
    clerk: str


# now
class DepositedV2(Event, name="Deposited", version=2):
    amount: Decimal
    clerk: str
    currency: str


def deposits_were_in_usd(old: DepositedV1) -> DepositedV2:
    return DepositedV2(amount=old.amount, clerk=old.clerk, currency="USD")


# next
class Deposited(Event, version=3):
    value: Decimal
    currency: str


def amount_is_called_value_and_clerks_are_forgotten(old: DepositedV2) -> Deposited:
    return Deposited(value=old.amount, currency=old.currency)


# rename
class PaidIn(Event):
    cents: int


def paid_in_is_deposited(old: PaidIn) -> Deposited:
    return Deposited(value=Decimal(old.cents) / 100, currency="USD")


# split
class Opened(Event):
    owner: str


class OpenedWithDeposit(Event):
    owner: str
    amount: Decimal


def opening_is_one_thing_and_the_deposit_another(old: OpenedWithDeposit) -> tuple[Opened, DepositedV1]:
    return Opened(owner=old.owner), DepositedV1(amount=old.amount, clerk="")


class StatementPrinted(Event):
    pages: int


def statements_do_not_matter(_old: StatementPrinted) -> None:
    return None


# merge
class TransferBegun(Event):
    value: Decimal
    currency: str


class TransferArrived(Event):
    pass


AccountEvent = Opened | Deposited | TransferBegun | TransferArrived


class Account(Aggregate[AccountEvent]):
    owner: str
    usd: Decimal = Decimal(0)
    eur: Decimal = Decimal(0)
    on_its_way: TransferBegun | None = None

    def deposit(self, value: Decimal, currency: str) -> None:
        self.record(Deposited(value=value, currency=currency))

    @applies
    def _opened(self, event: Opened) -> None:
        self.owner = event.owner

    @applies
    def _deposited(self, event: Deposited) -> None:
        self._add(event.value, event.currency)

    @applies
    def _begun(self, event: TransferBegun) -> None:
        self.on_its_way = event

    @applies
    def _arrived(self, event: TransferArrived) -> None:
        if self.on_its_way is not None:
            self._add(self.on_its_way.value, self.on_its_way.currency)
            self.on_its_way = None

    def _add(self, value: Decimal, currency: str) -> None:
        if currency == "EUR":
            self.eur += value
        else:
            self.usd += value


# give
UPCASTS = (
    deposits_were_in_usd,
    amount_is_called_value_and_clerks_are_forgotten,
    paid_in_is_deposited,
    opening_is_one_thing_and_the_deposit_another,
    statements_do_not_matter,
)


def bank(store: str) -> App:
    return App(Account, store=store, upcasts=UPCASTS)


# run
async def main() -> None:
    async with bank("sqlite:///versions.db") as app:
        accounts = app.repository(Account)
        if await accounts.find("ACC-001") is None:  # as releases long ago have stored it
            await app.events.append(
                "account-ACC-001",
                OpenedWithDeposit(owner="U001", amount=Decimal(100)),
                PaidIn(cents=5050),
                StatementPrinted(pages=2),
                DepositedV1(amount=Decimal(7), clerk="C9"),
                TransferBegun(value=Decimal(20), currency="EUR"),
                TransferArrived(),
                expected=0,
            )
        await accounts.edit("ACC-001", Account.deposit, Decimal(5), "EUR")
        account = await accounts.get("ACC-001")
        print(f"{account.owner} has {account.usd} USD and {account.eur} EUR after {account.version} events")
        for recorded in await app.events.read("account-ACC-001"):
            print(f"{recorded.version}  {recorded.type} v{recorded.schema_version}  is  {recorded.event}")


if __name__ == "__main__":
    asyncio.run(main())

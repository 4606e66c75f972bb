from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    Event,
    IntegrationEvent,
    Metadata,
    Query,
    ReadModel,
    applies,
)
from leftfold.handling import Call, Kind, authorised, logged


# model
class Deposited(Event):
    account: str
    cents: int


class Account(Aggregate[Deposited]):
    cents: int = 0

    def deposit(self, cents: int) -> None:
        self.record(Deposited(account=self.id, cents=cents))

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.cents += event.cents


class Deposit(Command):
    account: str
    cents: int


bank = Context("bank")


@bank.decides(Account, id="account")
def deposit(command: Deposit, account: Account) -> None:
    account.deposit(command.cents)


# projection
@dataclass(frozen=True)
class Balance:
    account: str
    cents: int


@bank.projection(key="account", index=["cents"])
def balances(row: Balance | None, event: Deposited) -> Balance:
    return Balance(event.account, event.cents + (row.cents if row else 0))


class GetBalance(Query[Balance | None]):
    account: str


@bank.query
async def get_balance(query: GetBalance, rows: ReadModel[Balance]) -> Balance | None:
    return await rows.get(query.account)


# cache
class GetRichest(Query[list[str]]):
    pass


@bank.query(cache=timedelta(minutes=5))
async def get_richest(_query: GetRichest, rows: ReadModel[Balance]) -> list[str]:
    return [row.account for row in await rows.find(order_by="-cents", limit=3)]


# reaction
@bank.on(Deposited)
async def thank(event: Deposited, attempt: Attempt) -> None:
    print(f"thank you, {event.account} ({attempt.key.partition(':')[0]})")


# contexts
class MoneyArrived(IntegrationEvent):
    account: str
    cents: int


@bank.publishes
def arrived(event: Deposited) -> MoneyArrived:
    return MoneyArrived(account=event.account, cents=event.cents)


@dataclass(frozen=True)
class Total:
    cents: int


class GetTotal(Query[Total | None]):
    pass


books = Context("books")


@books.projection(key=None)
def total(row: Total | None, event: MoneyArrived) -> Total:
    return Total(event.cents + (row.cents if row else 0))


@books.query
async def get_total(_query: GetTotal, rows: ReadModel[Total]) -> Total | None:
    return await rows.get()


# around
def named(call: Call) -> bool:
    return call.kind is Kind.QUERY or call.metadata.actor is not None


AROUND = [logged(), authorised(named)]


# run
async def main() -> None:
    async with App(bank, books, store="sqlite:///{context}.db", middleware=AROUND) as app:
        teller = Metadata(actor="teller 1")
        await app.send(Deposit(account="ada", cents=500), metadata=teller)
        receipt = await app.send(Deposit(account="bob", cents=700), metadata=teller)
        print(await app.ask(GetBalance(account="bob"), after=receipt))
        print(await app.ask(GetRichest(), after=receipt))
        print(await app.ask(GetTotal(), after=receipt))


asyncio.run(main())
# end

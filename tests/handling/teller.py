"""Commands and queries of the bank, their handlers, and both buses on a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from leftfold import Aggregate, Decider, Event, EventStore, Metadata, Repository
from leftfold.clock import Clock, SystemClock
from leftfold.domain.lifecycle import core_of
from leftfold.handling import (
    Answers,
    CommandBus,
    CommandHandler,
    Decision,
    Loader,
    Middleware,
    QueryBus,
    QueryHandler,
    Scope,
    command_handler_of,
    command_routes,
    decision_of,
    decisions_of,
    query_handler_of,
    query_routes,
)
from leftfold.messages import Codec, Command, Query, Registry
from leftfold.projections.cache import LocalCache
from leftfold.projections.caching import CachedAnswers
from leftfold.store.port import Store
from tests.handling.bank import Account, InsufficientFunds

__all__ = [
    "MAX_CACHED",
    "Deposit",
    "Desk",
    "FindBalance",
    "Gateway",
    "Look",
    "OpenAccount",
    "Paid",
    "Pay",
    "Purse",
    "Spend",
    "Transfer",
    "Withdraw",
    "open_desk",
    "purse",
]

MAX_CACHED = 1_000


class OpenAccount(Command):
    account: str
    owner: str


class Deposit(Command[Decimal]):
    account: str
    amount: Decimal
    note: str = ""


class Withdraw(Command[Decimal]):
    account: str
    amount: Decimal


class Look(Command[str]):
    account: str


class Transfer(Command[tuple[Decimal, Decimal]]):
    source: str
    target: str
    amount: Decimal


class Pay(Command[str]):
    account: str
    amount: Decimal


class FindBalance(Query[Decimal | None]):
    account: str


class Gateway(Protocol):
    """Charges somebody, outside of the program."""

    async def charge(self, amount: Decimal) -> str: ...


def open_account(command: OpenAccount, account: Account) -> None:
    account.open(command.owner)


def deposit(command: Deposit, account: Account) -> Decimal:
    return account.deposit(command.amount)


def withdraw(command: Withdraw, account: Account) -> Decimal:
    account.withdraw(command.amount)
    return account.balance


def look(command: Look, account: Account) -> str:
    return f"{command.account} has {account.balance}"


async def transfer(command: Transfer, accounts: Repository[Account]) -> tuple[Decimal, Decimal]:
    source, target = await accounts.get(command.source), await accounts.get(command.target)
    source.withdraw(command.amount)
    return source.balance, target.deposit(command.amount)


async def pay(command: Pay, accounts: Repository[Account], gateway: Gateway, about: Metadata, log: EventStore) -> str:
    (await accounts.get(command.account)).withdraw(command.amount)
    before = len(await log.read(f"account-{command.account}"))
    return f"{await gateway.charge(command.amount)} for {about.actor} after {before} events"


async def find_balance(query: FindBalance, accounts: Repository[Account]) -> Decimal | None:
    found = await accounts.find(query.account)
    return found.balance if found else None


class Paid(Event):
    amount: int


class Purse(Command):
    id: str
    amount: int


class Spend(Command):
    id: str
    amount: int


def decide(command: Purse | Spend, balance: int) -> list[Paid]:
    match command:
        case Purse(amount=amount):
            return [Paid(amount=amount)] if amount else []
        case Spend(amount=amount):
            if amount > balance:
                raise InsufficientFunds(balance=Decimal(balance), requested=Decimal(amount))
            return [Paid(amount=-amount)]


def evolve(balance: int, event: Paid) -> int:
    return balance + event.amount


purse = Decider(decide, evolve, 0, category="purse")

COMMANDS: tuple[Decision | CommandHandler, ...] = (
    decision_of(open_account, Account, id="account", exists=False),
    decision_of(deposit, Account, id="account"),
    decision_of(withdraw, Account, id="account", exists=True),
    decision_of(look, Account, id="account"),
    command_handler_of(transfer),
    *decisions_of(purse, id="id"),
)
QUERIES = (query_handler_of(find_balance),)


@dataclass(frozen=True)
class Desk:
    """Both buses on one store."""

    store: Store
    loader: Loader
    answers: Answers
    commands: CommandBus
    queries: QueryBus


async def open_desk(
    store: Store,
    *,
    commands: Sequence[Decision | CommandHandler] = COMMANDS,
    queries: Sequence[QueryHandler] = QUERIES,
    provide: Mapping[type[Any], object] | None = None,
    middleware: Sequence[Middleware] = (),
    clock: Clock | None = None,
) -> Desk:
    """Wire everything up on *store*, as an app does."""
    kinds: list[type[Aggregate[Any]]] = [Account]
    registry = Registry("bank", *core_of(Account).vocabulary, Paid)
    loader = Loader(store, Codec(registry))
    scope = Scope(kinds, provide or {})
    answers = Answers(store, clock)
    await answers.prepare()
    return Desk(
        store,
        loader,
        answers,
        CommandBus(loader, command_routes(commands, scope), answers, middleware),
        QueryBus(loader, query_routes(queries, scope), middleware, _keeping(clock or SystemClock())),
    )


def _keeping(clock: Clock) -> CachedAnswers:
    return CachedAnswers(LocalCache(MAX_CACHED, lambda: clock.now().timestamp()))

"""Leftfold: read models that follow the log, and answers that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from time import perf_counter
from typing import TypeAlias

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.pasts import check
from benchmarks.payloads import CATEGORY, CURRENCY, NOTE, reference
from benchmarks.systems.leftfold import Account, Deposited
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject, Waited
from benchmarks.works import Task
from leftfold import App, Command, Context, Query, ReadModel, RecordedEvent
from leftfold.ids import new_id

__all__ = ["LeftfoldFollow", "fill"]

_HUNDRED = 100
_PARTS = 50
_PER_SECOND = 500
_READS = 1_000
_TIMEOUT_S = 600.0
_numbers = count(1)

_KeyOf: TypeAlias = Callable[[Deposited, RecordedEvent[Deposited]], str]


@dataclass(frozen=True)
class Balance:
    """A row: of an account, or of one deposit."""

    amount: int


class FindBalance(Query[Balance | None]):
    """The balance under a key."""

    key: str


class Deposit(Command):
    """Take money in."""

    account: str
    amount: int


@dataclass(frozen=True)
class LeftfoldFollow(OnDatabase):
    """Leftfold on one database."""

    tasks: frozenset[Task] = frozenset(
        {Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS, Task.VISIBLE, Task.ANSWER, Task.CACHED_READ}
    )

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        async with App(Account, store=url) as app, AsyncExitStack() as stack:
            yield _Subject(self.database, url, app, stack)


class _Subject:
    def __init__(self, database: Database, url: str, app: App, stack: AsyncExitStack) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._stack = stack
        self._bank = app
        self._size = 0
        self._next = 0.0

    async def prepare(self, task: Task, aggregates: int) -> int:
        if task in (Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS):
            self._size = await fill(self._app, [str(new_id()) for _ in range(aggregates)])
            return self._size
        bank = _bank("balances", _stream_of, cache=timedelta(hours=1) if task is Task.CACHED_READ else None)
        bank.decides(Account, id="account")(_deposit)
        self._bank = await self._stack.enter_async_context(App(bank, store=self._app.store))
        if task is not Task.CACHED_READ:
            return 0
        receipt = await self._bank.send(Deposit(account="1", amount=100))
        check(await self._bank.ask(FindBalance(key=f"{CATEGORY}-1"), after=receipt), Balance(100))
        return 1

    def plan(self, task: Task, callers: int) -> Plan:
        match task:
            case Task.FOLLOW_STREAMS | Task.FOLLOW_EVENTS:
                follow = partial(self._follow, each=task is Task.FOLLOW_EVENTS)
                return Awaited([follow], self._size, 0, f"{self._size:,} events, app opened and closed", 1)
            case Task.VISIBLE:
                how = f"{callers} callers; from the command's receipt to its row"
                return Awaited([self._visible(str(new_id())) for _ in range(callers)], 1, 1, how)
            case Task.ANSWER:
                how = "App.ask(after=receipt), right after the command"
                return Awaited([self._answer(str(new_id())) for _ in range(callers)], 1, 1, how)
            case Task.CACHED_READ:
                return Awaited([self._reads], _READS, 0, f"App.ask, {_READS:,} in each call")
            case other:
                raise ValueError(f"nothing that follows: {other}")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _follow(self, *, each: bool) -> None:
        name = f"balances_{next(_numbers)}"
        async with App(_bank(name, _reference_of if each else _stream_of), store=self._app.store) as app:
            await app.monitor.wait(name, position=self._size, timeout=_TIMEOUT_S)
            [last] = (await app.events.read_log(after=self._size - 1, limit=1)).events
            key = last.event.reference if each and isinstance(last.event, Deposited) else last.stream
            check(await app.ask(FindBalance(key=key)), Balance(100 if each else 100 * _HUNDRED))

    def _visible(self, account: str) -> Callable[[], Awaitable[Waited]]:
        async def visible() -> Waited:
            now = perf_counter()
            due = self._next = max(self._next + 1 / _PER_SECOND, now - 1 / _PER_SECOND)
            await asyncio.sleep(due - now)
            receipt = await self._bank.send(Deposit(account=account, amount=100))
            committed = perf_counter()
            await self._bank.monitor.wait("balances", position=receipt.position)
            return Waited(perf_counter() - committed)

        return visible

    def _answer(self, account: str) -> Callable[[], Awaitable[Waited]]:
        balance = 0

        async def answer() -> Waited:
            nonlocal balance
            receipt = await self._bank.send(Deposit(account=account, amount=100))
            committed = perf_counter()
            row = await self._bank.ask(FindBalance(key=f"{CATEGORY}-{account}"), after=receipt)
            waited = Waited(perf_counter() - committed)
            balance += 100
            check(row, Balance(balance))
            return waited

        return answer

    async def _reads(self) -> None:
        ask, query = self._bank.ask, FindBalance(key=f"{CATEGORY}-1")
        for _ in range(_READS):
            await ask(query)


async def fill(app: App, ids: Sequence[str]) -> int:
    """Store accounts of a hundred deposits each; returns how many events that are."""
    events = app.events
    for at in range(0, len(ids), _PARTS):
        parts = [
            events.part(f"{CATEGORY}-{id}", *(_deposited(100) for _ in range(_HUNDRED)), expected=0)
            for id in ids[at : at + _PARTS]
        ]
        await events.append_together(*parts)
    return len(ids) * _HUNDRED


def _bank(name: str, keys: _KeyOf, cache: timedelta | None = None) -> Context:
    bank = Context("bank")
    bank.includes(Account)
    bank.projection(key=keys, name=name)(_add)
    if cache is None:
        bank.query(_find_balance)
    else:
        bank.query(cache=cache)(_find_balance)
    return bank


def _stream_of(_event: Deposited, recorded: RecordedEvent[Deposited]) -> str:
    return recorded.stream


def _reference_of(event: Deposited, _recorded: RecordedEvent[Deposited]) -> str:
    return event.reference


def _add(row: Balance | None, event: Deposited) -> Balance:
    return Balance(event.amount + (row.amount if row else 0))


def _deposit(command: Deposit, account: Account) -> None:
    account.deposit(command.amount)


async def _find_balance(query: FindBalance, rows: ReadModel[Balance]) -> Balance | None:
    return await rows.get(query.key)


def _deposited(amount: int) -> Deposited:
    return Deposited(amount=amount, currency=CURRENCY, reference=reference(), note=NOTE)

"""Leftfold: appends at its store port, aggregates through its repository."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.payloads import CATEGORY, CURRENCY, NOTE, TYPE, make_payload, reference
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Blocking, Plan, Subject
from benchmarks.works import Task
from leftfold import Aggregate, App, Event, Repository, Snapshots, SyncApp, applies
from leftfold.ids import new_id
from leftfold.store.events import NewEvent, ToStream
from leftfold.store.port import Store

__all__ = ["Account", "Deposited", "Leftfold", "cached_leftfold"]

_HUNDRED = 100
_PARTS = 50
_TASKS = frozenset({Task.APPEND, Task.APPEND_SYNC, Task.APPEND_100, Task.LOAD, Task.COMMAND})
_NO_SNAPSHOTS = Snapshots()


class Deposited(Event):
    """Money came."""

    amount: int
    currency: str
    reference: str
    note: str


class Account(Aggregate[Deposited], category=CATEGORY):
    """Adds up deposits and allows no more than a limit."""

    balance: int = 0

    def deposit(self, amount: int) -> None:
        """Take money in."""
        if self.balance + amount > 10**9:
            raise ValueError("no account holds so much")
        self.record(_deposit(amount))

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount


@dataclass(frozen=True)
class Leftfold(OnDatabase):
    """Leftfold on one database."""

    tasks: frozenset[Task] = _TASKS
    snapshots: Snapshots = _NO_SNAPSHOTS

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        async with App(Account, store=url, snapshots=self.snapshots) as app:
            with ExitStack() as stack:
                yield _Subject(self.database, url, app, stack)


def cached_leftfold(database: Database) -> Leftfold:
    """Leftfold with the states of all aggregates kept in the process."""
    return Leftfold(database, frozenset({Task.COMMAND_CACHED}), Snapshots(cached=1_000))


class _Subject:
    def __init__(self, database: Database, url: str, app: App, stack: ExitStack) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._stack = stack
        self._ids: list[str] = []
        self._sync: SyncApp | None = None

    async def prepare(self, task: Task, aggregates: int) -> int:
        self._ids = [str(new_id()) for _ in range(aggregates)]
        events = self._app.events
        for at in range(0, aggregates, _PARTS):
            await events.append_together(
                *(
                    events.part(f"{CATEGORY}-{id}", *(_deposit(100) for _ in range(_HUNDRED)), expected=0)
                    for id in self._ids[at : at + _PARTS]
                )
            )
        return aggregates * _HUNDRED

    def plan(self, task: Task, callers: int) -> Plan:
        store, accounts = self._app.store, self._app.repository(Account)
        shares = [cycle(self._ids[caller::callers]) for caller in range(callers)]
        match task:
            case Task.APPEND:
                return Awaited([_Writer(store, 1).append for _ in range(callers)], 1, 1, "store port")
            case Task.APPEND_100:
                writers = [_Writer(store, _HUNDRED).append for _ in range(callers)]
                return Awaited(writers, _HUNDRED, _HUNDRED, "store port")
            case Task.APPEND_SYNC:
                return Blocking([self._sync_append()], 1, 1, "App.sync()")
            case Task.LOAD:
                loads = [partial(_load, accounts, share) for share in shares]
                return Awaited(loads, _HUNDRED, 0, "repository.get")
            case Task.COMMAND:
                commands = [partial(_command, accounts, share) for share in shares]
                return Awaited(commands, 1, 1, "repository.edit; no cache")
            case Task.COMMAND_CACHED:
                commands = [partial(_command, accounts, share) for share in shares]
                return Awaited(commands, 1, 1, "repository.edit; reads what is new")
            case other:
                raise ValueError(f"no append work: {other}")

    async def durability(self) -> Settings:
        if self._sync is None:
            return await self._database.settings(self._url)

        async def read(_: object) -> Settings:
            return await self._database.settings(self._url)

        return self._sync.transact(read).result

    def _sync_append(self) -> Callable[[], object]:
        self._sync = self._stack.enter_context(App(Account, store=self._url).sync())
        events, writer = self._sync.events, _Stream(1)

        def append() -> None:
            events.append_together(writer.part())
            writer.version += 1

        return append


@dataclass(slots=True)
class _Stream:
    each: int
    name: str = field(default_factory=lambda: f"{CATEGORY}-{new_id()}")
    version: int = 0

    def part(self) -> ToStream:
        events = [NewEvent(id=new_id(), type=TYPE, data=make_payload(), tags=(self.name,)) for _ in range(self.each)]
        return ToStream(self.name, self.version, events)


class _Writer:
    def __init__(self, store: Store, each: int) -> None:
        self._store = store
        self._stream = _Stream(each)

    async def append(self) -> None:
        await self._store.append(self._stream.part())
        self._stream.version += self._stream.each


async def _load(accounts: Repository[Account], ids: Iterator[str]) -> None:
    await accounts.get(next(ids))


async def _command(accounts: Repository[Account], ids: Iterator[str]) -> None:
    await accounts.edit(next(ids), Account.deposit, 100)


def _deposit(amount: int) -> Deposited:
    return Deposited(amount=amount, currency=CURRENCY, reference=reference(), note=NOTE)

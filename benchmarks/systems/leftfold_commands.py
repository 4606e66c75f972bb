"""Leftfold: commands through the bus, with and without an id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.systems.leftfold import Account
from benchmarks.systems.leftfold_follow import Deposit, fill
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject
from benchmarks.works import Task
from leftfold import App, Context
from leftfold.ids import new_id

__all__ = ["LeftfoldCommands"]


@dataclass(frozen=True)
class LeftfoldCommands(OnDatabase):
    """Leftfold on one database, in a context without read models."""

    tasks: frozenset[Task] = frozenset({Task.SEND, Task.SEND_ONCE})

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        bank = Context("bank")
        bank.decides(Account, id="account")(_deposit)
        async with App(bank, store=url) as app:
            yield _Subject(self.database, url, app)


class _Subject:
    def __init__(self, database: Database, url: str, app: App) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._ids: list[str] = []

    async def prepare(self, task: Task, aggregates: int) -> int:
        self._ids = [str(new_id()) for _ in range(aggregates)]
        return await fill(self._app, self._ids)

    def plan(self, task: Task, callers: int) -> Plan:
        send, how = (self._send, "App.send") if task is Task.SEND else (self._send_once, "App.send(id=...)")
        shares = [cycle(self._ids[caller::callers]) for caller in range(callers)]
        return Awaited([partial(send, share) for share in shares], 1, 1, f"{how}; no cache")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _send(self, ids: Iterator[str]) -> None:
        await self._app.send(Deposit(account=next(ids), amount=100))

    async def _send_once(self, ids: Iterator[str]) -> None:
        await self._app.send(Deposit(account=next(ids), amount=100), id=str(new_id()))


def _deposit(command: Deposit, account: Account) -> None:
    account.deposit(command.amount)

"""Leftfold: snapshots, states at other times than now, and upcasts, through its repository."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.pasts import PASTS, Past, check
from benchmarks.payloads import CATEGORY, CURRENCY, NOTE, reference
from benchmarks.systems.leftfold import Account, Deposited
from benchmarks.systems.leftfold_ledger import UPCASTS, Ledger, make_new, make_old
from benchmarks.systems.leftfold_past import (
    ACCOUNTS,
    BY_THE_DAY,
    THE_DAY,
    every_account,
    minute,
    one_stream,
    take_over,
)
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject
from benchmarks.works import TIME_WORKS, Task
from leftfold import App, Repository, Snapshots

__all__ = ["LeftfoldTime"]

_ID = "1"
_AT_ONCE = Snapshots(with_append=True)
_MAKES: dict[Task, tuple[str, Callable[[], object]]] = {
    Task.READ_NEW: ("ledger", make_new),
    Task.READ_OLD: ("ledger", make_old),
}


class KeptAccount(Account, category=CATEGORY, snapshot_every=100):
    """An account with snapshots."""


@dataclass(frozen=True)
class LeftfoldTime(OnDatabase):
    """Leftfold on one database."""

    tasks: frozenset[Task] = frozenset(work.task for group in TIME_WORKS for work in group)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        async with App(Account, KeptAccount, Ledger, store=url, upcasts=UPCASTS, snapshots=_AT_ONCE) as app:
            yield _Subject(self.database, url, app)


class _Subject:
    def __init__(self, database: Database, url: str, app: App) -> None:
        self._database = database
        self._url = url
        self._app = app

    async def prepare(self, task: Task, aggregates: int) -> int:
        if task is Task.EACH:
            return await take_over(self._app, every_account(self._app, _deposited))
        past, repository = PASTS[task], self._repository(task)
        category, make = _MAKES.get(task, (CATEGORY, _deposited))
        log = one_stream(self._app, f"{category}-{_ID}", past.size, make)
        done = 0
        for version in past.snapshots:
            done += await take_over(self._app, islice(log, version - done))
            await repository.load(_ID)
        return done + await take_over(self._app, log)

    def plan(self, task: Task, callers: int) -> Plan:
        if task is Task.EACH:
            each = partial(_each, self._app.repository(Account))
            return Awaited([each], ACCOUNTS, 0, f"each, {BY_THE_DAY} folded", BY_THE_DAY)
        past, repository = PASTS[task], self._repository(task)
        name, call = _CALLS.get(task, ("load", _load))
        units, folded = past.size if task in _MAKES else 1, past.replayed
        return Awaited([partial(call, repository, past)], units, 0, f"{name}, {folded:,} folded", folded // units)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    def _repository(self, task: Task) -> Repository[Any]:
        if task in _MAKES:
            return self._app.repository(Ledger)
        return self._app.repository(KeptAccount if PASTS[task].snapshots else Account)


async def _load(repository: Repository[Any], past: Past) -> None:
    loaded = await repository.load(_ID)
    check((loaded.version, loaded.snapshot, loaded.replayed), (past.version, past.snapshot, past.replayed))


async def _at_version(accounts: Repository[Account], past: Past) -> None:
    check((await accounts.at(_ID, version=past.version)).version, past.version)


async def _at_recorded(accounts: Repository[Account], past: Past) -> None:
    check((await accounts.at(_ID, recorded=minute(past.version))).version, past.version)


async def _each(accounts: Repository[Account]) -> None:
    versions = [account.version async for account in accounts.each(recorded=THE_DAY)]
    check((len(versions), sum(versions)), (ACCOUNTS, ACCOUNTS * BY_THE_DAY))


def _deposited() -> Deposited:
    return Deposited(amount=100, currency=CURRENCY, reference=reference(), note=NOTE)


_CALLS: dict[Task, tuple[str, Callable[[Repository[Any], Past], Awaitable[object]]]] = {
    Task.AT_VERSION: ("at", _at_version),
    Task.AT_VERSION_KEPT: ("at", _at_version),
    Task.AT_RECORDED: ("at", _at_recorded),
    Task.AT_RECORDED_KEPT: ("at", _at_recorded),
}

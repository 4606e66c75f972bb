"""Leftfold carrying out sagas of three external steps."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Final

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject
from benchmarks.works import Task
from leftfold import App, Attempt, Context, Saga, step

__all__ = ["LeftfoldSagas"]

_COUNTED: Final = 10


class Trip(Saga):
    traveller: int

    @step(undoable=False)
    async def book(self, attempt: Attempt) -> str:
        """Return at once, as the call of a system that is infinitely fast."""
        return attempt.key

    @step(undoable=False)
    async def rent(self, attempt: Attempt) -> str:
        """See `book`."""
        return attempt.key

    @step(undoable=False)
    async def pay(self, attempt: Attempt) -> str:
        """See `book`."""
        return attempt.key


@dataclass(frozen=True)
class LeftfoldSagas(OnDatabase):
    """Leftfold on one database."""

    tasks: frozenset[Task] = frozenset({Task.SAGA})
    counted: ClassVar[str] = "work"

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        travel = Context("travel")
        travel.saga(Trip)
        async with App(travel, store=url) as app:
            yield _Subject(self.database, url, app)


class _Subject:
    def __init__(self, database: Database, url: str, app: App) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._numbers = count(1)
        self._commits = 0.0

    async def prepare(self, task: Task, aggregates: int) -> int:
        """Count what one after another commits."""
        before = await self._database.commits(self._url)
        for _ in range(_COUNTED):
            await self._travel()
        self._commits = (await self._database.commits(self._url) - before) / _COUNTED
        return _COUNTED

    def plan(self, task: Task, callers: int) -> Plan:
        return Awaited([self._travel] * callers, 1, 1, f"start, wait until it has ended; {self._commits:g} commits")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _travel(self) -> None:
        number = next(self._numbers)
        begun = await self._app.start(Trip(traveller=number), id=f"{number}")
        view = await self._app.sagas.ended(Trip, begun.id, timeout=60.0)
        if view.status != "completed":
            raise RuntimeError(view)

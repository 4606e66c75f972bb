"""Leftfold handing events and timers in to the instances of a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from msgspec import Struct

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.pasts import check
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject, Waited
from benchmarks.works import Task
from leftfold import Aggregate, App, Context, Event, applies
from leftfold.processes import Next, TimerDue

__all__ = ["LeftfoldProcesses"]

_INSTANCES: Final = 20
_EVENTS: Final = 10
_DUE_S: Final = 0.1
_TIMEOUT_S: Final = 600.0


class Walked(Event):
    """A walker went on; after *rest_s* seconds somebody looks after them."""

    walker: str
    rest_s: float | None = None


class Walker(Aggregate[Walked], category="walker"):
    @applies
    def _walked(self, event: Walked) -> None:
        pass


class Walk(Struct, frozen=True):
    """How far somebody has come."""

    walker: str
    steps: int = 0


@dataclass(frozen=True)
class LeftfoldProcesses(OnDatabase):
    """Leftfold on one database."""

    tasks: frozenset[Task] = frozenset({Task.TRANSITIONS, Task.TIMER})

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        fired: dict[str, asyncio.Future[datetime]] = {}
        async with App(_walking(fired), store=url) as app:
            yield _Subject(self.database, url, app, fired)


class _Subject:
    def __init__(self, database: Database, url: str, app: App, fired: dict[str, asyncio.Future[datetime]]) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._fired = fired
        self._numbers = count(1)

    async def prepare(self, task: Task, aggregates: int) -> int:
        return 0

    def plan(self, task: Task, callers: int) -> Plan:
        if task is Task.TRANSITIONS:
            total = _INSTANCES * _EVENTS
            how = f"{total} events of {_INSTANCES} instances, appended and handed in"
            return Awaited([self._walk], total, total, how)
        how = f"{callers} at once, each due {_DUE_S:g} s after it is set; p50 and p99: how late it is handed in"
        return Awaited([self._rest() for _ in range(callers)], 1, 1, how)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _walk(self) -> None:
        events, walkers = self._app.events, [f"{next(self._numbers)}" for _ in range(_INSTANCES)]
        await events.append_together(
            *(
                events.part(f"walker-{walker}", *(Walked(walker=walker) for _ in range(_EVENTS)), expected=0)
                for walker in walkers
            )
        )
        await self._app.settle(timeout=_TIMEOUT_S)
        for walker in walkers:
            check((await self._app.processes.show("walk", walker)).transitions, _EVENTS)

    def _rest(self) -> Callable[[], Awaitable[Waited]]:
        async def rest() -> Waited:
            walker = f"{next(self._numbers)}"
            fired = self._fired[walker] = asyncio.get_running_loop().create_future()
            events = self._app.events
            await events.append_together(
                events.part(f"walker-{walker}", Walked(walker=walker, rest_s=_DUE_S), expected=0)
            )
            due = await fired
            return Waited((datetime.now(UTC) - due).total_seconds())

        return rest


def _walking(fired: dict[str, asyncio.Future[datetime]]) -> Context:
    context = Context("walking")
    context.includes(Walker)

    @context.process(key="walker")
    def walk(state: Walk | None, event: Walked | TimerDue) -> Next[Walk]:
        known = state or Walk(event.walker if isinstance(event, Walked) else "")
        following = Next(Walk(known.walker, known.steps + 1))
        if isinstance(event, TimerDue):
            if not (waiting := fired.pop(known.walker)).done():
                waiting.set_result(event.due)
            return following.end()
        return following if event.rest_s is None else following.timer("rest", timedelta(seconds=event.rest_s))

    return context

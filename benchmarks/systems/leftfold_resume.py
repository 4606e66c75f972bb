"""Leftfold carrying on what a killed process was in the midst of: `python -m benchmarks.systems.leftfold_resume URL`.

As a program it begins sagas until it is in the midst of a step, says the id of that saga, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import ClassVar, Final, Protocol, cast

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.systems.on_database import OnDatabase
from benchmarks.systems.subject import Awaited, Plan, Subject, Waited
from benchmarks.works import Task
from leftfold import App, Attempt, Context, Retry, Saga, step
from leftfold.ids import new_id
from leftfold.subscriptions import Timing

__all__ = ["RESUMED_WITHIN", "LeftfoldResume"]

RESUMED_WITHIN: Final = Timing(lease_s=1.0, poll_s=0.2)
"""How fast a dead worker is noticed here."""

_WAIT_S: Final = 60.0
_AGAIN: Final = Retry(attempts=None, first=timedelta(milliseconds=10), most=timedelta(milliseconds=20))


class NotYet(Exception):
    """The step belongs to the process that is to be killed in it."""


class Sides(Protocol):
    """The two sides of a saga: who is killed amid its step, and who calls it again."""

    async def called(self, attempt: Attempt) -> None:
        """The step is called."""
        ...


class Crossing(Saga):
    """A saga of one step."""

    @step(undoable=False, retry=_AGAIN)
    async def cross(self, attempt: Attempt, sides: Sides) -> None:
        """Tell whoever waits for it."""
        await sides.called(attempt)


class _Doomed:
    def __init__(self) -> None:
        self.amid = asyncio.Event()

    async def called(self, attempt: Attempt) -> None:
        self.amid.set()
        await asyncio.Event().wait()


class _Survivor:
    def __init__(self) -> None:
        self.again: asyncio.Future[float] | None = None

    async def called(self, attempt: Attempt) -> None:
        if self.again is None:
            raise NotYet
        if not self.again.done():
            self.again.set_result(perf_counter())


@dataclass(frozen=True)
class LeftfoldResume(OnDatabase):
    """Leftfold on one database, of which one process is killed and another is not."""

    tasks: frozenset[Task] = frozenset({Task.RESUME})
    counted: ClassVar[str] = "work"

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        """See `System.open`."""
        survivor = _Survivor()
        async with _app(url, survivor) as app:
            yield _Subject(self.database, url, app, survivor)


class _Subject:
    def __init__(self, database: Database, url: str, app: App, survivor: _Survivor) -> None:
        self._database = database
        self._url = url
        self._app = app
        self._survivor = survivor

    async def prepare(self, task: Task, aggregates: int) -> int:
        return 0

    def plan(self, task: Task, callers: int) -> Plan:
        how = f"from kill -9 until its step is called again; lease {RESUMED_WITHIN.lease_s:g} s"
        return Awaited([self._resume], 1, 1, f"{how}, a look every {RESUMED_WITHIN.poll_s:g} s")

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)

    async def _resume(self) -> Waited:
        """Kill a process amid a step, and wait until the step is called here."""
        doomed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.systems.leftfold_resume", self._url), stdout=subprocess.PIPE
        )
        try:
            async with asyncio.timeout(_WAIT_S):
                saga = await cast("asyncio.StreamReader", doomed.stdout).readline()
        finally:
            doomed.kill()
            killed = perf_counter()
            self._survivor.again = asyncio.get_running_loop().create_future()
            await doomed.wait()
        async with asyncio.timeout(_WAIT_S):
            called = await self._survivor.again
        await self._app.sagas.ended(Crossing, saga.decode().strip(), timeout=_WAIT_S)
        self._survivor.again = None
        return Waited(called - killed)


def _app(url: str, sides: Sides) -> App:
    crossing = Context("crossing")
    crossing.saga(Crossing)
    return App(crossing, store=url, provide={Sides: sides}, workers=RESUMED_WITHIN)


async def _be_killed(url: str) -> None:
    doomed = _Doomed()
    async with _app(url, doomed) as app:
        begun = await app.start(Crossing(), id=str(new_id()))
        await doomed.amid.wait()
        print(begun.id, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_be_killed(sys.argv[1]))

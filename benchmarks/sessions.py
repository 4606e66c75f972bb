"""One system's store, open in this process and ready to be driven."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.driving import Driver, Round
from benchmarks.durability import Settings
from benchmarks.systems.subject import Subject, System
from benchmarks.works import Work

__all__ = ["Outcome", "Session", "open_session"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a session did in all.

    Args:
        stored: events it stored, those of preparation and warming up included.
        units: what each call counts for.
        folded: events that each unit is folded from; 0 where that says nothing.
        how: what a reader should know.
        settings: what durability rests on.
    """

    stored: int
    units: int
    folded: int
    how: str
    settings: Settings


class Session:
    """Made by `open_session`."""

    def __init__(self, subject: Subject, driver: Driver, prepared: int) -> None:
        self._subject = subject
        self._driver = driver
        self._prepared = prepared

    async def round(self, seconds: float) -> Round:
        """Make calls for *seconds*."""
        return await self._driver.drive(seconds)

    async def outcome(self) -> Outcome:
        """What was done so far."""
        plan = self._driver.plan
        return Outcome(
            stored=self._prepared + self._driver.calls * plan.stored,
            units=plan.units,
            folded=plan.folded,
            how=plan.how,
            settings=await self._subject.durability(),
        )


@asynccontextmanager
async def open_session(system: System, url: str, work: Work, aggregates: int) -> AsyncGenerator[Session]:
    """Open the store at *url*, prepare what *work* needs and make each call once."""
    async with system.open(url) as subject:
        prepared = await subject.prepare(work.task, aggregates) if work.task.prepared else 0
        with Driver(subject.plan(work.task, work.callers), saturated=work.saturated) as driver:
            await driver.drive(0.0)
            yield Session(subject, driver, prepared)

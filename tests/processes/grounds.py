"""Where sagas are tried: any store, opened again by one app after another, and a world that is told what to answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import pytest
from msgspec import Struct

from leftfold import App, Attempt, Clock, Context
from leftfold.store.memory import MemoryStore
from leftfold.store.memory_log import MemoryLog
from leftfold.subscriptions.worker import Timing

__all__ = ["QUICK", "WAIT_S", "Call", "Ground", "World", "ground"]

QUICK: Final = Timing(lease_s=2.0, poll_s=0.02, grace_s=0.05)
WAIT_S: Final = 30.0

Answer: TypeAlias = str | Exception | asyncio.Event
"""What a call is answered: a result, an error, or nothing until an event is set."""


class Call(Struct, frozen=True):
    """A call that arrived: what for, under which key, which try, and what it undoes."""

    what: str
    key: str
    number: int
    undoes: str | None


class World:
    """What steps call: it notes everything, and answers what it is told to."""

    def __init__(self, **answers: Sequence[Answer]) -> None:
        self.calls: list[Call] = []
        self.answers = defaultdict[str, list[Answer]](list, {what: list(several) for what, several in answers.items()})
        self.cancelled: list[str] = []
        self._arrived = asyncio.Condition()

    async def call(self, what: str, attempt: Attempt) -> str:
        """Do something, as it was told to."""
        self.calls.append(Call(what, attempt.key, attempt.number, attempt.undoes))
        async with self._arrived:
            self._arrived.notify_all()
        answer = self.answers[what].pop(0) if self.answers[what] else f"{what} done"
        if isinstance(answer, asyncio.Event):
            try:
                await answer.wait()
            except asyncio.CancelledError:
                self.cancelled.append(what)
                raise
            return f"{what} done"
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def arrived(self, what: str, count: int = 1) -> None:
        """Wait until *what* was called so often."""
        async with asyncio.timeout(WAIT_S), self._arrived:
            await self._arrived.wait_for(lambda: self.names.count(what) >= count)

    @property
    def names(self) -> list[str]:
        """What was called, in order."""
        return [call.what for call in self.calls]


class Ground:
    """A store that outlives the apps on it.

    Args:
        url: of the store.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._log = MemoryLog()

    @asynccontextmanager
    async def app(
        self,
        context: Context,
        *others: Context,
        world: World | None = None,
        clock: Clock | None = None,
        workers: bool | Timing = QUICK,
    ) -> AsyncGenerator[App]:
        """An app on it."""
        provide: Mapping[type[Any], object] = {World: world or World()}
        stores: dict[str, str | MemoryStore] = {one.name: "memory:" for one in others}
        held = MemoryStore(log=self._log, clock=clock) if self.url == "memory:" else self.url
        stores[context.name] = held
        async with App(context, *others, store=stores, provide=provide, clock=clock, workers=workers) as app:
            yield app


@pytest.fixture
def ground(each_url: str) -> Ground:
    """An empty store of each kind."""
    return Ground(each_url)

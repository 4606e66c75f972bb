"""A club that is moved while something of everything is under way, and a store that is disturbed meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from leftfold import App
from leftfold.app import open_schema, open_store
from leftfold.errors import StoreUnavailable
from leftfold.store import MemoryStore, Store
from leftfold.store.checkpoints import Claim
from leftfold.store.events import Appended, StoredEvent
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Begin, WorkItem
from leftfold.subscriptions import Timing
from leftfold.testing import ManualClock
from tests.app.club import Bell, Reach, Register, club

__all__ = ["LATER", "Disturbed", "bell", "clock", "item", "new_store", "not_told", "old", "seen", "under_way"]

LATER = Timing(poll_s=0.02)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
async def old(tmp_path: Path, bell: Bell, clock: ManualClock) -> App:
    """A club in which something of everything is under way, and nobody works."""
    return await under_way(club(bell, store=f"sqlite:///{tmp_path}/old.db", clock=clock), bell)


async def under_way(app: App, bell: Bell) -> App:
    """The club *app*, in which something of everything is under way, and nobody works."""
    async with app.with_settings(workers=LATER) as opened:
        await opened.send(Register(member="ann"), id="first")
        await opened.send(Register(member="nobody"))
        await opened.start(Reach(member="ann"), id="1")
        await opened.settle()
    assert sorted(bell.rung) == ["greet ann", "reach ann, try 1", "ring ann"]
    bell.rung.clear()
    return app.with_settings(workers=False)


@asynccontextmanager
async def new_store(url: str, clock: ManualClock) -> AsyncGenerator[Mapping[str, Store]]:
    await open_schema(url).migrate()
    store = await open_store(url, clock=clock if url.startswith("sqlite:") else None)
    yield {"club": store}
    await store.close()


def not_told(_context: str, _done: int) -> None:
    """Nobody wants to hear how far it is."""


async def seen(app: App) -> object:
    """What goes on beside the log, as people see it."""
    return (
        [view async for view in app.sagas.find()],
        [view async for view in app.processes.find()],
        [view async for view in app.processes.timers()],
        [letter async for letter in app.dead_letters.all("greet")],
        [(lag.name, lag.position) for lag in await app.monitor.lags() if not lag.name.startswith("members")],
    )


class Disturbed(MemoryStore):
    """A store that breaks before or after a write, and at whose first events or work something happens elsewhere."""

    breaks_in = 0
    calls = 0
    at_events: Callable[[], Awaitable[None]] | None = None
    at_work: Callable[[], Awaitable[None]] | None = None

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        with self._breaking():
            stored = await super().restore(events)
        if (disturb := self.at_events) is not None:
            self.at_events = None
            await disturb()
        return stored

    async def restore_work(self, items: Sequence[WorkItem]) -> int:
        with self._breaking():
            stored = await super().restore_work(items)
        if (disturb := self.at_work) is not None:
            self.at_work = None
            await disturb()
        return stored

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        with self._breaking():
            return await super().claim(name, owner, lease_s)

    async def release(self, name: str, token: int, note: str | None = None) -> None:
        with self._breaking():
            await super().release(name, token, note)

    async def transact(self, transaction: Transaction) -> Appended | None:
        with self._breaking():
            return await super().transact(transaction)

    @contextmanager
    def _breaking(self) -> Generator[None]:
        self._may_break()
        yield
        self._may_break()

    def _may_break(self) -> None:
        self.calls += 1
        if self.calls == self.breaks_in:
            raise StoreUnavailable("pulled out")


def item(id: str) -> Begin:
    """Work that is due, which no definition knows."""
    return Begin(id=id, queue="odd", status="running", state=b"{}", wake=AT_ONCE)

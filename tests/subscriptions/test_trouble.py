"""What goes wrong again and again is said when it is new, once a minute after that, and when it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from leftfold.cli.serving import touching
from leftfold.errors import StoreUnavailable
from leftfold.processes.engine import Engine, Moment
from leftfold.store import AT_ONCE, Begin, MemoryStore, Transaction
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.work import WorkItem
from leftfold.subscriptions import Timing
from leftfold.subscriptions.presence import Staying
from leftfold.subscriptions.trouble import Trouble
from leftfold.subscriptions.worker import Worker

_WAIT_S = 10.0


class _Watch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> _Watch:
    return _Watch()


@pytest.fixture
def trouble(watch: _Watch, caplog: pytest.LogCaptureFixture) -> Trouble:
    caplog.set_level(logging.INFO, logger="leftfold")
    return Trouble("it does not work", "it works again", watch)


def test_the_same_error_is_said_once_a_minute(
    trouble: Trouble, watch: _Watch, caplog: pytest.LogCaptureFixture
) -> None:
    for second in range(120):
        watch.seconds = second
        trouble.met(OSError("the disk is full"))
    assert caplog.messages == ["it does not work: the disk is full"] * 2
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_another_error_is_said_at_once(trouble: Trouble, caplog: pytest.LogCaptureFixture) -> None:
    for text in ("full", "full", "gone", "full"):
        trouble.met(OSError(text))
    assert caplog.messages == [f"it does not work: {text}" for text in ("full", "gone", "full")]


def test_that_it_is_over_is_said_once_and_only_where_there_was_trouble(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    trouble.over()
    assert caplog.messages == []
    trouble.met(OSError("full"))
    trouble.over()
    trouble.over()
    assert caplog.messages[1:] == ["it works again"]
    trouble.met(OSError("full"))
    assert len(caplog.messages) == 3


class _OutOfReach(MemoryStore):
    """Cannot be reached before somebody has tried a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 5

    def _try(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise StoreUnavailable("nobody listens")

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        self._try()
        return await super().checkpoints(prefix)

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        self._try()
        return await super().claim_due(queues, owner, lease_s, limit)


class _Deaf(MemoryStore):
    """Takes no sign of life before somebody has tried a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 5
        self.heard = asyncio.Semaphore(0)

    def _try(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise StoreUnavailable("nobody listens")
        self.heard.release()

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        self._try()
        return await super().renew(name, token, lease_s)

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        self._try()
        return await super().extend(held, owner, lease_s)

    async def heard_twice(self) -> None:
        async with asyncio.timeout(_WAIT_S):
            for _ in range(2):
                await self.heard.acquire()


class _Long:
    """Carries on what never ends."""

    queues = ("q",)

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        await asyncio.Event().wait()


async def test_a_worker_out_of_reach_of_its_store_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    worker = Worker(_OutOfReach(), [], "A", Timing(poll_s=0.001))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(_WAIT_S):
        await worker.looked.wait()
    worker.stop()
    await running
    assert caplog.messages == ["worker A cannot look for work: nobody listens", "worker A looks for work again"]


async def test_an_engine_out_of_reach_of_its_store_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    engine = Engine(_OutOfReach(), [], "A", Timing(poll_s=0.001))
    running = asyncio.create_task(engine.run())
    async with asyncio.timeout(_WAIT_S):
        await engine.idle()
    engine.stop()
    await running
    assert caplog.messages == ["engine A is kept from its store: nobody listens", "engine A has its store again"]


async def test_a_worker_that_cannot_say_that_it_is_there_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    store = _Deaf()
    staying = Staying(store, "A", 0.03)
    await staying.begin()
    await store.heard_twice()
    await staying.end()
    assert caplog.messages == [
        "worker A cannot say that it is there: nobody listens",
        "worker A says again that it is there",
    ]


async def test_an_engine_that_cannot_extend_its_leases_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    store = _Deaf()
    await store.transact(Transaction(writes=[Begin(id="a", queue="q", status="on", state=b"{}", wake=AT_ONCE)]))
    engine = Engine(store, [_Long()], "A", Timing(lease_s=0.3, poll_s=0.1, grace_s=0.0))
    running = asyncio.create_task(engine.run())
    await store.heard_twice()
    engine.stop()
    await running
    said = [text for text in caplog.messages if "lease" in text]
    assert said == ["engine A could not extend its leases: nobody listens", "engine A extends its leases again"]
    assert caplog.messages[-1] == "a was cut off, for engine A has to end; whoever runs next goes on with it"


async def test_a_health_file_that_cannot_be_touched_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    outcomes = [True, *[False] * 5, True, True]
    touch = Path.touch

    def touched(self: Path) -> None:
        if not outcomes:
            loop.call_soon_threadsafe(over.set)
        elif not outcomes.pop(0):
            raise OSError("the disk is full")
        touch(self)

    monkeypatch.setattr(Path, "touch", touched)
    file = tmp_path / "health"
    async with touching(file, 0.001), asyncio.timeout(_WAIT_S):
        await over.wait()
    assert caplog.messages == [
        f"the health file {file} cannot be touched: the disk is full",
        f"the health file {file} is touched again",
    ]

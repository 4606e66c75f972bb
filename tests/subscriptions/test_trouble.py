"""What goes wrong again and again is said when it is new, once a minute after that, and when it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

import pytest

from leftfold.errors import StoreUnavailable
from leftfold.processes.engine import Engine
from leftfold.store import MemoryStore
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.work import WorkItem
from leftfold.subscriptions import Timing
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

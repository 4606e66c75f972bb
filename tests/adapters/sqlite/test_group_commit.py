"""Group commit in a file: whoever comes first commits for all of the tick, and nobody depends on it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from leftfold.errors import Conflict, StoreError
from leftfold.store import NewEvent, ToStream
from leftfold.store.batching import AppendQueue, Pending
from leftfold.testing.conformance.work_ground import begin, begun, item_of, revise
from tests.adapters.sqlite.opened import event, opened, url_of
from tests.adapters.sqlite.tabled import write
from tests.adapters.sqlite.test_busy import held


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches from now on."""
    sizes: list[int] = []
    take = AppendQueue.next_batch

    def noted(self: AppendQueue) -> list[Pending]:
        batch = take(self)
        sizes.extend([len(batch)] if batch else [])
        return batch

    monkeypatch.setattr(AppendQueue, "next_batch", noted)
    return sizes


class _Events(list[NewEvent]):
    """Events that a test can see forgotten."""


def _append(stream: str) -> ToStream:
    return ToStream(stream, 0, [event()])


async def test_all_of_a_tick_share_one_commit(tmp_path: Path, batches: list[int]) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        outcomes = await asyncio.gather(
            *(store.append(_append(f"a-{number % 9}")) for number in range(10)), return_exceptions=True
        )
        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [False] * 9 + [True]
        assert batches == [10]
        await store.append(_append("b-1"))
        assert batches == [10, 1]


@pytest.mark.parametrize("cancelled", [[0], [0, 1], [1, 3], [0, 1, 2, 3]])
async def test_who_goes_away_in_its_tick_takes_nobody_along(
    tmp_path: Path, batches: list[int], cancelled: list[int]
) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        tasks = [asyncio.create_task(store.append(_append(f"a-{number}"))) for number in range(4)]
        await asyncio.sleep(0)  # each is in the queue now
        for number in cancelled:
            tasks[number].cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        gone = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, asyncio.CancelledError)]
        assert gone == cancelled
        stored = {event.stream for event in (await store.read_log()).events}
        assert stored >= {f"a-{number}" for number in range(4) if number not in cancelled}
        # somebody before them may have committed for them already; who comes before everybody is heard
        assert not stored & {f"a-{number}" for number in cancelled if cancelled[: number + 1] == [*range(number + 1)]}
        assert len(batches) == (1 if stored else 0)
        await store.append(_append("b-1"))
        assert await store.head() == len(stored) + 1


async def test_while_others_hold_the_file_everybody_waits_and_may_go_away(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        old = await begun(store, "old", None)
        with held(path) as holder:
            tasks = [asyncio.create_task(store.append(_append(f"a-{number}"))) for number in range(3)]
            lone = asyncio.create_task(write(store, revise(old)))
            await asyncio.sleep(0.05)
            late = asyncio.create_task(write(store, begin("late")))
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in (*tasks, lone, late))
            tasks[0].cancel()
            holder.release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [True, False, False]
        await asyncio.gather(lone, late)
        assert await store.head() == 2
        assert (await item_of(store, "old")).token == 2
        assert (await item_of(store, "late")).token == 1


async def test_closing_waits_for_whoever_is_in_the_tick(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.db")
    async with opened(url) as store:
        going = [asyncio.create_task(store.append(_append(f"a-{number}"))) for number in range(3)]
        await asyncio.sleep(0)
        await store.close()
        assert [(await each).position for each in going] == [1, 2, 3]
    async with opened(url) as again:
        assert await again.head() == 3


async def test_what_was_given_up_in_its_tick_is_not_kept_until_somebody_commits(tmp_path: Path) -> None:
    given_up: list[weakref.ref[Sequence[NewEvent]]] = []
    async with opened(url_of(tmp_path / "store.db")) as store:
        for number in range(20):
            part = ToStream(f"a-{number}", 0, _Events([event()]))
            given_up.append(weakref.ref(part.events))
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await store.append(part)
        gc.collect()
        assert sum(each() is not None for each in given_up) <= 1, "at most the last one"
        assert await store.head() == 0


async def test_another_event_loop_is_refused_and_stores_nothing(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        for call in (store.append(_append("a-1")), write(store, begin("w-1")), store.head(), store.work(["w-1"])):
            with pytest.raises(StoreError, match="belongs to the event loop that opened it"):
                await asyncio.to_thread(asyncio.run, call)
        await store.append(_append("b-1"))
        assert [event.stream for event in (await store.read_log()).events] == ["b-1"]
        assert not await store.work(["w-1"])

"""G7: two workers never both hold one part, whatever stops one of them; what a dead one held is taken over in time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import msgspec
import pytest

from leftfold.store.checkpoints import Checkpoint
from leftfold.store.port import Store
from tests.guarantees.children import Child
from tests.guarantees.counting import Counting, append_counted, folded, log_of
from tests.guarantees.following import LEASE_S, POLL_S, Heard
from tests.guarantees.kept_up import TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 60.0
_SLACK_S = 2.0
_PART = "totals@1.1/0.1"


def _worker(place: Place, **how: Any) -> Child:  # noqa: ANN401 - what `Counting` takes
    return Child("following", "work", place.url, msgspec.json.encode(Counting(**how)).decode())


async def _pid_of(store: Store, part: str) -> int:
    return next((_owner(found) for found in await store.checkpoints(part)), 0)


def _owner(checkpoint: Checkpoint) -> int:
    return int(checkpoint.owner.split(":")[1]) if checkpoint.held and checkpoint.owner else 0


async def _held_by(store: Store, part: str, pid: int) -> None:
    async with asyncio.timeout(_WAIT_S):
        while await _pid_of(store, part) != pid:
            await asyncio.sleep(0.01)


async def test_a_worker_that_was_stopped_beyond_its_lease_is_refused_what_it_folded_and_stops(place: Place) -> None:
    """It stands still in the midst of a batch, another takes over and does the batch, then it goes on."""
    async with opened(place.url) as store:
        with _worker(place, held=7) as first:
            first.hear(dict[str, Any])
            await _held_by(store, _PART, first.process.pid)
            with _worker(place) as second:
                second.hear(dict[str, Any])
                head = await append_counted(store, [("a", 1), ("a", 7), ("b", 2)])
                _, status = await asyncio.to_thread(os.waitpid, first.process.pid, os.WUNTRACED)
                assert os.WIFSTOPPED(status)
                assert await store.reached(_PART, head, _WAIT_S) == head
                assert await _pid_of(store, _PART) == second.process.pid
                head = await append_counted(store, [("a", 3)])
                assert await store.reached(_PART, head, _WAIT_S) == head
                first.process.send_signal(signal.SIGCONT)
                while "lost" not in (heard := first.hear(Heard).heard):
                    pass
                assert _PART in heard
                assert await _pid_of(store, _PART) == second.process.pid
                assert await rows_in(store, TOTALS) == folded(await log_of(store))
                second.kill()
                head = await append_counted(store, [("b", 4)])
                assert await store.reached(_PART, head, _WAIT_S) == head
                assert await _pid_of(store, _PART) == first.process.pid
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_what_a_killed_worker_held_is_followed_again_within_a_lease_and_a_look(
    place: Place, record_property: Callable[[str, object], None]
) -> None:
    async with opened(place.url) as store:
        with _worker(place) as first:
            first.hear(dict[str, Any])
            await _held_by(store, _PART, first.process.pid)
            with _worker(place) as second:
                second.hear(dict[str, Any])
                head = await append_counted(store, [("a", 1)])
                assert await store.reached(_PART, head, _WAIT_S) == head
                first.kill()
                begun = perf_counter()
                head = await append_counted(store, [("a", 2)])
                assert await store.reached(_PART, head, _WAIT_S) == head
                took_s = perf_counter() - begun
                async with asyncio.timeout(_WAIT_S):  # nothing is kept of a worker that is dead
                    while len(await store.checkpoints("leftfold/workers/")) > 1:
                        await asyncio.sleep(0.01)
        assert await rows_in(store, TOTALS) == folded(await log_of(store))
    record_property("takeover_s", took_s)
    print(f"taken over after {took_s:.2f} s, with a lease of {LEASE_S} s and a look each {POLL_S} s")
    assert took_s < LEASE_S + POLL_S + _SLACK_S


@pytest.mark.parametrize("events", [20_000, pytest.param(100_000, marks=pytest.mark.long)])
async def test_two_workers_share_eight_shards_and_lose_nothing_while_one_is_killed_five_times(
    place: Place, events: int
) -> None:
    how, parts = {"shards": 8, "bad": frozenset[int]()}, [f"totals@1.1/{number}.8" for number in range(8)]
    rounds = 5
    async with opened(place.url) as store:
        with _worker(place, **how) as first:
            first.hear(dict[str, Any])
            second = _worker(place, **how)
            try:
                for number in range(rounds):
                    second.hear(dict[str, Any])
                    both = {first.process.pid, second.process.pid}
                    owners = await _shared(store, parts, both)
                    before = await _positions(store, parts)
                    loading = asyncio.create_task(_load(store, number, events // rounds))
                    await _moved(store, [part for part, pid in owners.items() if pid == second.process.pid], before)
                    second.__exit__(None, None, None)
                    second = _worker(place, **how)
                    await _moved(store, [part for part, pid in owners.items() if pid == first.process.pid], before)
                    await loading
                head = await store.head()
                for part in parts:
                    assert await store.reached(part, head, _WAIT_S) == head
            finally:
                second.__exit__(None, None, None)
        assert head == events
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def _load(store: Store, number: int, events: int) -> None:
    for start in range(0, events, 200):
        await append_counted(store, [(f"{number}.{(start + one) % 300}", one) for one in range(200)])


async def _positions(store: Store, parts: list[str]) -> dict[str, int]:
    known = {one.name: one.position for one in await store.checkpoints("totals@")}
    return {part: known.get(part, 0) for part in parts}


async def _moved(store: Store, parts: list[str], before: Mapping[str, int]) -> None:
    assert parts
    for part in parts:
        assert await store.reached(part, before[part] + 1, _WAIT_S) > before[part]


async def _shared(store: Store, parts: list[str], both: set[int]) -> dict[str, int]:
    """Wait until both processes hold their share of the parts."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            owners = {one.name: _owner(one) for one in await store.checkpoints("totals@")}
            if {pid: list(owners.values()).count(pid) for pid in both} == dict.fromkeys(both, len(parts) // 2):
                return owners
            await asyncio.sleep(0.02)

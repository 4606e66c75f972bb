"""Several processes on one store: one winner a version, one order, and no event that appears behind a reader."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from leftfold.adapters.postgres import PostgresStore
from leftfold.store import QueryItem, StoredEvent
from tests.adapters.postgres.opened import log_of, opened

_WRITER = Path(__file__).with_name("writer.py")


Start = Callable[[str, str, str, int], Awaitable[Process]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts writers; those that still run at the end of the test are ended."""
    processes: list[Process] = []

    async def one(mode: str, url: str, name: str, count: int) -> Process:
        words = [sys.executable, str(_WRITER), mode, url, name, str(count)]
        processes.append(await asyncio.create_subprocess_exec(*words, stdout=PIPE))
        return processes[-1]

    yield one
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _lines(process: Process) -> list[str]:
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().splitlines()


async def test_of_processes_racing_for_each_version_exactly_one_wins(store_url: str, start: Start) -> None:
    racers = [await start("race", store_url, f"r-{n}", 120) for n in range(4)]
    won = [line.split()[1:] for lines in await asyncio.gather(*map(_lines, racers)) for line in lines]
    async with opened(store_url) as store:
        log = await log_of(store)
    assert [(e.position, e.version) for e in log] == [(n, n) for n in range(1, len(log) + 1)]
    assert len(log) >= 120
    assert sorted((int(version), int(position)) for version, position in won) == [(e.version, e.position) for e in log]


async def _follow(store: PostgresStore, match: tuple[QueryItem, ...], done: asyncio.Event) -> list[StoredEvent]:
    """Everything a reader sees who goes on after the position it was told, as soon as there is anything."""
    seen: list[StoredEvent] = []
    after = 0
    while True:
        last_look = done.is_set()
        page = await store.read_log(after=after, match=match, limit=7)
        seen += page.events
        if page.position > after:
            after = page.position
        elif last_look:
            return seen
        else:
            await store.wake(after, 0.05)


@pytest.mark.parametrize("filtered", [False, True])
async def test_nothing_appears_behind_a_reader_while_writers_are_slow_abort_and_are_killed(
    store_url: str, start: Start, filtered: bool
) -> None:
    match = (QueryItem(tags=frozenset({"all"})), QueryItem(types=frozenset({"Other"}))) if filtered else ()
    done = asyncio.Event()
    async with opened(store_url) as store, opened(store_url + "&pool=1") as other:
        readers = [asyncio.ensure_future(_follow(reader, match, done)) for reader in (store, other, store)]
        steady = [await start("plain", store_url, f"plain-{n}", 60) for n in range(2)]
        steady += [await start("slow", store_url, f"slow-{n}", 30) for n in range(2)]
        doomed = [
            await start("plain", store_url, "doomed-1", 10_000),
            await start("slow", store_url, "doomed-2", 10_000),
        ]
        told = [[await _line(process) for _ in range(8)] for process in doomed]
        for process in doomed:
            process.kill()
        acknowledged = [int(line) for lines in await asyncio.gather(*map(_lines, steady)) for line in lines]
        for process in doomed:
            await process.communicate()
        done.set()
        pages = await asyncio.gather(*readers)
        log = await log_of(store)
    assert [e.position for e in log] == list(range(1, len(log) + 1))
    assert all(seen == log for seen in pages)
    assert {int(line) for lines in told for line in lines}.union(acknowledged) <= {e.position for e in log}
    assert all(earlier.recorded_at <= later.recorded_at for earlier, later in pairwise(log))


async def _line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()

"""The benchmark of snapshots, other times and upcasts reads what its rows say, or there is no result."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec

import pytest

from benchmarks.databases import Database, Postgres, Sqlite
from benchmarks.durability import Settings
from benchmarks.measuring import Result, measure
from benchmarks.pasts import PASTS, WrongState
from benchmarks.servers import servers
from benchmarks.systems.eventsourcing import Eventsourcing, cached_eventsourcing
from benchmarks.systems.eventsourcing_time import EventsourcingTime
from benchmarks.systems.leftfold import Leftfold, cached_leftfold
from benchmarks.systems.leftfold_past import ACCOUNTS, BY_THE_DAY
from benchmarks.systems.leftfold_time import LeftfoldTime
from benchmarks.systems.subject import Plan, Subject, System
from benchmarks.workers import Workers
from benchmarks.works import APPEND_WORKS, TIME_WORKS, Effort, Task, Work
from leftfold.app.opening import open_store
from tests.conftest import ROOT, LeftOut

SHORT = Effort(rounds=2, seconds=0.01, aggregates=32)
WORKS = {work.task: work for work in (*APPEND_WORKS, *(work for group in TIME_WORKS for work in group))}


class Dropping:
    """A subject that loses its snapshots."""

    def __init__(self, subject: Subject, url: str) -> None:
        self._subject = subject
        self._url = url

    async def prepare(self, task: Task, aggregates: int) -> int:
        stored = await self._subject.prepare(task, aggregates)
        store = await open_store(self._url)
        await store.drop_snapshots([snapshot.key for snapshot in await store.read_snapshots()])
        await store.close()
        return stored

    def plan(self, task: Task, callers: int) -> Plan:
        return self._subject.plan(task, callers)

    async def durability(self) -> Settings:
        return await self._subject.durability()


class Losing(LeftfoldTime):
    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Subject]:
        async with LeftfoldTime.open(self, url) as subject:
            yield Dropping(subject, url)


async def measured(system: System, *tasks: Task) -> dict[str, Result]:
    with servers() as places, Workers() as workers:
        group = [(WORKS[task], [system]) for task in tasks]
        return {result.work: result for result in await measure(group, places, workers, SHORT)}


def checked(results: dict[str, Result], works: list[Work]) -> None:
    assert set(results) == {work.name for work in works}
    for work in works:
        result, past = results[work.name], PASTS[work.task]
        assert result.rows == past.size
        units = past.size if result.unit == "events" else 1
        folded = result.per_second * past.replayed / units
        assert result.events_per_second == pytest.approx(folded, rel=0.05)
        assert 0 < result.fastest_us <= result.p50_ms * 1_000 / units * 1.01


async def test_every_past_is_as_long_as_its_row_says_and_what_is_folded_of_it_is_counted() -> None:
    results = await measured(LeftfoldTime(Sqlite()), *PASTS)
    checked(results, [WORKS[task] for task in PASTS])
    newest, back = results[WORKS[Task.LOAD_NEWEST].name], results[WORKS[Task.LOAD_50_BACK].name]
    assert newest.events_per_second == 0
    assert back.events_per_second == pytest.approx(50 * back.per_second, rel=0.01)


async def test_a_snapshot_that_is_not_used_is_no_result() -> None:
    with pytest.RaisesGroup(
        pytest.RaisesExc(WrongState, match=r"read \(10000, 0, 10000\), expected \(10000, 10000, 0\)")
    ):
        await measured(Losing(Sqlite()), Task.LOAD_NEWEST)


async def test_all_accounts_are_folded_as_of_a_day_that_is_not_the_last() -> None:
    [result] = (await measured(LeftfoldTime(Sqlite()), Task.EACH)).values()
    assert result.unit == "accounts"
    assert result.rows > ACCOUNTS * BY_THE_DAY
    assert result.events_per_second == pytest.approx(BY_THE_DAY * result.per_second, rel=0.01)


@pytest.mark.parametrize(("task", "versions"), [(Task.READ_NEW, {4}), (Task.READ_OLD, {1})])
async def test_events_that_are_upcast_are_of_the_oldest_version(task: Task, versions: set[int]) -> None:
    system = LeftfoldTime(Sqlite())
    with servers() as places:
        async with system.store(places, slow_flush=False) as url, system.open(url) as subject:
            stored = await subject.prepare(task, 0)
            store = await open_store(url)
            page = await store.read_log(limit=stored)
            await store.close()
    assert len(page.events) == PASTS[task].size
    assert {event.schema_version for event in page.events} == versions


@pytest.mark.postgres
async def test_postgresql_reads_the_same_pasts() -> None:
    tasks = [Task.LOAD_NEWEST, Task.AT_VERSION_KEPT, Task.AT_RECORDED, Task.READ_OLD]
    checked(await measured(LeftfoldTime(Postgres()), *tasks), [WORKS[task] for task in tasks])


async def test_the_peer_reads_the_same_pasts_but_no_recorded_time(left_out: LeftOut) -> None:
    if find_spec("eventsourcing") is None:
        left_out("eventsourcing is not installed; `make bench` installs it")
    system = EventsourcingTime(Sqlite())
    assert set(PASTS) - system.tasks == {Task.AT_RECORDED, Task.AT_RECORDED_KEPT}
    tasks = [Task.LOAD_10, Task.LOAD_NEWEST, Task.AT_VERSION_KEPT, Task.READ_OLD]
    checked(await measured(system, *tasks), [WORKS[task] for task in tasks])


async def test_commands_with_cached_states_are_stored_beside_the_peer_with_and_without_its_cache(
    left_out: LeftOut,
) -> None:
    if find_spec("eventsourcing") is None:
        left_out("eventsourcing is not installed; `make bench` installs it")
    database: Database = Sqlite()
    systems: list[System] = [cached_leftfold(database), Eventsourcing(database), cached_eventsourcing(database)]
    with servers() as places, Workers() as workers:
        results = await measure([(WORKS[Task.COMMAND_CACHED], systems)], places, workers, SHORT)
    assert [result.system for result in results] == [
        "leftfold sqlite",
        "eventsourcing sqlite",
        "eventsourcing cached sqlite",
    ]
    assert all(result.rows > 3_200 for result in results)
    assert Task.COMMAND_CACHED not in Leftfold(database).tasks


def test_a_selection_prints_a_line_of_json_for_each_row() -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "time",
        "--quick",
        "--json",
        "--only",
        "load 10-event aggregate/leftfold sq",
    ]
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, text=True)
    assert done.returncode == 0, done.stderr
    [line] = map(json.loads, done.stdout.splitlines())
    assert (line["work"], line["system"], line["rows"]) == ("load 10-event aggregate", "leftfold sqlite", 10)
    assert line["durability"]["synchronous"] == "full"

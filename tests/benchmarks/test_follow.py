"""The benchmark of what follows the log reads all of it, and times from the commit on."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from benchmarks.databases import Postgres, Sqlite
from benchmarks.driving import Driver
from benchmarks.measuring import Result, measure
from benchmarks.pasts import WrongState
from benchmarks.servers import servers
from benchmarks.systems.eventsourcing_follow import EventsourcingFollow
from benchmarks.systems.leftfold_commands import LeftfoldCommands
from benchmarks.systems.leftfold_follow import LeftfoldFollow
from benchmarks.systems.raw_follow import RawFollowPostgres, RawFollowSqlite
from benchmarks.systems.subject import Awaited, Blocking, System, Waited
from benchmarks.workers import Workers
from benchmarks.works import FOLLOW_WORKS, Effort, Task
from tests.conftest import LeftOut

SHORT = Effort(rounds=2, seconds=0.01, aggregates=2)
CATCH_UP = (Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS)


async def measured(*systems: System, effort: Effort = SHORT) -> dict[tuple[Task, str], Result]:
    found: dict[tuple[Task, str], Result] = {}
    with servers() as places, Workers() as workers:
        for work in (work for group in FOLLOW_WORKS for work in group):
            if able := [system for system in systems if work.task in system.tasks]:
                for result in await measure([(work, able)], places, workers, effort):
                    found[work.task, result.system] = result
    return found


async def test_what_catches_up_is_measured_beside_the_bare_driver_on_as_many_events() -> None:
    found = await measured(LeftfoldFollow(Sqlite()), RawFollowSqlite())
    for task in CATCH_UP:
        for name in ("leftfold sqlite", "raw sqlite"):
            result = found[task, name]
            assert (result.rows, result.unit) == (200, "events")
            assert result.per_second == pytest.approx(result.events_per_second, rel=0.01)
    assert found[Task.VISIBLE, "leftfold sqlite"].rows >= 32
    assert found[Task.CACHED_READ, "leftfold sqlite"].rows == 1
    assert found[Task.ANSWER, "leftfold sqlite"].rows >= 3


async def test_every_command_is_stored_with_an_id_and_without() -> None:
    found = await measured(LeftfoldCommands(Sqlite()), effort=Effort(rounds=2, seconds=0.01, aggregates=32))
    assert set(found) == {(task, "leftfold sqlite") for task in (Task.SEND, Task.SEND_ONCE)}
    for result in found.values():
        assert (result.unit, result.rows >= 3_200 + 3 * 32) == ("commands", True)


async def test_a_read_model_that_is_not_as_the_log_says_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.systems.leftfold_follow._HUNDRED", 99)
    system = LeftfoldFollow(Sqlite())
    with servers() as places:
        async with system.store(places, slow_flush=False) as url, system.open(url) as subject:
            await subject.prepare(Task.FOLLOW_STREAMS, 1)
            monkeypatch.setattr("benchmarks.systems.leftfold_follow._HUNDRED", 100)
            with Driver(subject.plan(Task.FOLLOW_STREAMS, 1)) as driver, pytest.RaisesGroup(WrongState):
                await driver.drive(0.0)


async def test_a_call_that_says_how_long_it_waited_counts_for_that_long() -> None:
    async def call() -> Waited:
        return Waited(123.0)

    for plan in (Awaited([call], 1, 0, ""), Blocking([lambda: Waited(123.0)], 1, 0, "")):
        with Driver(plan) as driver:
            assert (await driver.drive(0.0)).latencies == [pytest.approx(123.0)]


@pytest.mark.postgres
async def test_postgresql_is_measured_beside_the_peer(left_out: LeftOut) -> None:
    if find_spec("eventsourcing") is None:
        left_out("eventsourcing is not installed; `make bench` installs it")
    found = await measured(LeftfoldFollow(Postgres()), RawFollowPostgres(), EventsourcingFollow(Postgres()))
    for task in CATCH_UP:
        assert [found[task, f"{name} postgres"].rows for name in ("leftfold", "raw", "eventsourcing")] == [
            200,
            200,
            100,
        ]
    for name in ("leftfold", "eventsourcing"):
        assert found[Task.ANSWER, f"{name} postgres"].rows >= 3

"""The benchmark of sagas and processes carries all of them out, and counts what they commit."""

from __future__ import annotations

import pytest

from benchmarks.databases import Postgres, Sqlite
from benchmarks.measuring import Result, measure
from benchmarks.servers import servers
from benchmarks.systems.leftfold_processes import LeftfoldProcesses
from benchmarks.systems.leftfold_resume import LeftfoldResume
from benchmarks.systems.leftfold_sagas import LeftfoldSagas
from benchmarks.systems.raw_commits import RawCommitsPostgres, RawCommitsSqlite
from benchmarks.systems.subject import System
from benchmarks.workers import Workers
from benchmarks.works import SAGA_WORKS, Effort

SHORT = Effort(rounds=2, seconds=0.01, aggregates=0)
SYSTEMS = [
    *(LeftfoldSagas(Sqlite()), RawCommitsSqlite()),
    *(pytest.param(each, marks=pytest.mark.postgres) for each in (LeftfoldSagas(Postgres()), RawCommitsPostgres())),
]


async def measured(system: System, name: str) -> Result:
    [work, *_] = [work for group in SAGA_WORKS for work in group if work.name == name]
    with servers() as places, Workers() as workers:
        [result] = await measure([(work, [system])], places, workers, SHORT)
    return result


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
async def test_a_saga_of_three_steps_is_four_commits_and_so_is_what_it_is_compared_with(system: System) -> None:
    result = await measured(system, "three-step saga")
    assert (result.unit, result.how.endswith("; 4 commits"), result.rows > 10) == ("sagas", True, True)
    assert len(result.paces_us) == result.rounds


async def test_every_event_is_handed_in() -> None:
    result = await measured(LeftfoldProcesses(Sqlite()), "transitions of a process")
    assert (result.unit, result.rows % 200, result.rows >= 600) == ("transitions", 0, True)


async def test_timers_are_timed_from_when_they_are_due() -> None:
    result = await measured(LeftfoldProcesses(Sqlite()), "timers of a process")
    assert (result.unit, result.rows >= 3 * 32) == ("timers", True)
    assert result.p50_ms >= 0.0


@pytest.mark.parametrize(
    "system",
    [LeftfoldResume(Sqlite()), pytest.param(LeftfoldResume(Postgres()), marks=pytest.mark.postgres)],
    ids=["sqlite", "postgres"],
)
async def test_a_saga_is_resumed_within_a_lease_and_a_look(system: LeftfoldResume) -> None:
    result = await measured(system, "saga resumed after kill -9")
    assert (result.unit, result.rows) == ("sagas", 3)
    assert 0.0 < result.p50_ms < 3_000.0

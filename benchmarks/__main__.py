"""`python -m benchmarks append|time|follow|sagas|contexts [--quick] [--json] [--only TEXT]`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import cyclopts
from rich.console import Console

from benchmarks.catalogs import measure_catalogs
from benchmarks.databases import Postgres, Sqlite
from benchmarks.durability import watch_sqlite
from benchmarks.measuring import Chosen, Result, measure
from benchmarks.report import show_bars, show_json, show_work
from benchmarks.servers import servers
from benchmarks.systems.dbos_sagas import DbosSagas
from benchmarks.systems.eventsourcing import Eventsourcing, cached_eventsourcing
from benchmarks.systems.eventsourcing_follow import EventsourcingFollow
from benchmarks.systems.eventsourcing_time import EventsourcingTime
from benchmarks.systems.leftfold import Leftfold, cached_leftfold
from benchmarks.systems.leftfold_commands import LeftfoldCommands
from benchmarks.systems.leftfold_follow import LeftfoldFollow
from benchmarks.systems.leftfold_processes import LeftfoldProcesses
from benchmarks.systems.leftfold_resume import LeftfoldResume
from benchmarks.systems.leftfold_sagas import LeftfoldSagas
from benchmarks.systems.leftfold_time import LeftfoldTime
from benchmarks.systems.raw_commits import RawCommitsPostgres, RawCommitsSqlite
from benchmarks.systems.raw_follow import RawFollowPostgres, RawFollowSqlite
from benchmarks.systems.raw_postgres import RawPostgres
from benchmarks.systems.raw_sqlite import RawSqlite
from benchmarks.systems.subject import System
from benchmarks.systems.umadb import Umadb
from benchmarks.workers import Workers
from benchmarks.works import APPEND_WORKS, FOLLOW_WORKS, SAGA_WORKS, TIME_WORKS, Effort, Work

SYSTEMS: tuple[System, ...] = (
    *(Leftfold(Sqlite()), Leftfold(Postgres()), cached_leftfold(Sqlite()), cached_leftfold(Postgres())),
    *(Eventsourcing(Sqlite()), Eventsourcing(Postgres())),
    *(cached_eventsourcing(Sqlite()), cached_eventsourcing(Postgres())),
    *(Umadb(), RawSqlite(), RawPostgres()),
    *(LeftfoldTime(Sqlite()), LeftfoldTime(Postgres())),
    *(EventsourcingTime(Sqlite()), EventsourcingTime(Postgres())),
    *(LeftfoldFollow(Sqlite()), LeftfoldFollow(Postgres()), EventsourcingFollow(Postgres())),
    *(RawFollowSqlite(), RawFollowPostgres()),
    *(LeftfoldCommands(Sqlite()), LeftfoldCommands(Postgres())),
    *(LeftfoldSagas(Sqlite()), LeftfoldSagas(Postgres()), DbosSagas(Sqlite()), DbosSagas(Postgres())),
    *(RawCommitsSqlite(), RawCommitsPostgres()),
    *(LeftfoldProcesses(Sqlite()), LeftfoldProcesses(Postgres())),
    *(LeftfoldResume(Sqlite()), LeftfoldResume(Postgres())),
)
PEERS = {"dbos", "eventsourcing", "umadb"}
QUICK = Effort(rounds=3, seconds=0.06, aggregates=50)
QUICK_TIME = Effort(rounds=5, seconds=0.06, aggregates=50)
QUICK_SAGAS = Effort(rounds=3, seconds=0.5, aggregates=0)
QUICK_FOLLOW = Effort(rounds=3, seconds=0.4, aggregates=100)
THOROUGH = Effort(rounds=7, seconds=0.4, aggregates=400)
_WIDTH = 140

cli = cyclopts.App(
    name="python -m benchmarks",
    version_flags=(),
    default_parameter=cyclopts.Parameter(negative=()),
    help="Measure Leftfold against its peers.",
)


@cli.command
async def append(*, quick: bool = False, json: bool = False, only: list[str] | None = None) -> None:
    """Measure appends, loads and commands: durable commits, a fresh store each, all systems of a work in turn.

    Args:
        quick: Take under a minute; the numbers are rougher.
        json: Print one JSON object a line.
        only: Measure only what has this text in WORK/SYSTEM; may be given again.
    """
    await _run([(work,) for work in APPEND_WORKS], QUICK if quick else THOROUGH, only or [""], json=json)


@cli.command
async def time(*, quick: bool = False, json: bool = False, only: list[str] | None = None) -> None:
    """Measure snapshots, states at other times than now, and upcasts: the works that bars compare in turn.

    Args:
        quick: Take about a minute; the numbers are rougher.
        json: Print one JSON object a line.
        only: Measure only what has this text in WORK/SYSTEM; may be given again.
    """
    await _run(TIME_WORKS, QUICK_TIME if quick else THOROUGH, only or [""], json=json)


@cli.command
async def follow(*, quick: bool = False, json: bool = False, only: list[str] | None = None) -> None:
    """Measure how fast read models follow the log, answers that are kept are given, and commands go through the bus.

    Args:
        quick: Take about a minute; the numbers are rougher.
        json: Print one JSON object a line.
        only: Measure only what has this text in WORK/SYSTEM; may be given again.
    """
    await _run(FOLLOW_WORKS, QUICK_FOLLOW if quick else THOROUGH, only or [""], json=json)


@cli.command
async def sagas(*, quick: bool = False, json: bool = False, only: list[str] | None = None) -> None:
    """Measure sagas of three steps beside a durable workflow engine and the commits that they need, and processes.

    Args:
        quick: Take about a minute; the numbers are rougher.
        json: Print one JSON object a line.
        only: Measure only what has this text in WORK/SYSTEM; may be given again.
    """
    await _run(SAGA_WORKS, QUICK_SAGAS if quick else THOROUGH, only or [""], json=json)


@cli.command
def contexts(*, quick: bool = False, json: bool = False, only: list[str] | None = None) -> None:
    """Measure a catalog of 1,000 contexts and 10,000 events: reading and checking it, impact of changes, its pages.

    Args:
        quick: Read it three times instead of seven.
        json: Print one JSON object a line.
        only: Show only what has this text in WORK/SYSTEM; may be given again.
    """
    results = [
        one
        for one in measure_catalogs(QUICK.rounds if quick else THOROUGH.rounds)
        if any(text in f"{one.work}/{one.system}" for text in only or [""])
    ]
    if json:
        show_json(results)
        return
    console = Console(width=None if Console().is_terminal else _WIDTH)
    for one in results:
        show_work([one], console)


async def _run(works: Sequence[Sequence[Work]], effort: Effort, only: list[str], *, json: bool) -> None:
    groups = [group for each in works if (group := _chosen(each, only))]
    if not groups:
        raise SystemExit(f"no WORK/SYSTEM has {' or '.join(map(repr, only))} in it")
    named = {system.name.split()[0] for group in groups for _, systems in group for system in systems}
    if missing := sorted(peer for peer in named & PEERS if find_spec(peer) is None):
        raise SystemExit(f"{' and '.join(missing)} cannot be measured: not installed; `make bench` installs it")
    console = Console(width=None if Console().is_terminal else _WIDTH)
    results: list[Result] = []
    with servers() as places, Workers() as workers:
        for group in groups:
            found = await measure(group, places, workers, effort)
            results += found
            if json:
                show_json(found)
                continue
            for work, _ in group:
                show_work([result for result in found if result.work == work.name], console)
    if not json and results:
        show_bars(results, console)


def _chosen(works: Sequence[Work], texts: list[str]) -> list[Chosen]:
    chosen = [(work, _able(work, texts)) for work in works]
    return [(work, systems) for work, systems in chosen if systems]


def _able(work: Work, texts: list[str]) -> list[System]:
    able = [system for system in SYSTEMS if work.task in system.tasks]
    if work.database is not None:
        able = [system for system in able if system.name.endswith(work.database)]
    if work.slow_flush:
        able = [system for system in able if system.name.endswith("postgres")]
    return [system for system in able if any(text in f"{work.name}/{system.name}" for text in texts)]


if __name__ == "__main__":
    watch_sqlite()
    cli()

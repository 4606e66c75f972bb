"""`python -m benchmarks append [--quick] [--json] [--only TEXT]`."""

from __future__ import annotations

from importlib.util import find_spec

import cyclopts
from rich.console import Console

from benchmarks.databases import Postgres, Sqlite
from benchmarks.durability import watch_sqlite
from benchmarks.measuring import Result, measure
from benchmarks.report import show_bars, show_json, show_work
from benchmarks.servers import servers
from benchmarks.systems.eventsourcing import Eventsourcing
from benchmarks.systems.leftfold import Leftfold
from benchmarks.systems.raw_postgres import RawPostgres
from benchmarks.systems.raw_sqlite import RawSqlite
from benchmarks.systems.subject import System
from benchmarks.systems.umadb import Umadb
from benchmarks.workers import Workers
from benchmarks.works import WORKS, Effort, Work

SYSTEMS: tuple[System, ...] = (
    *(Leftfold(Sqlite()), Leftfold(Postgres())),
    *(Eventsourcing(Sqlite()), Eventsourcing(Postgres())),
    *(Umadb(), RawSqlite(), RawPostgres()),
)
PEERS = {"eventsourcing", "umadb"}
QUICK = Effort(rounds=3, seconds=0.06, aggregates=50)
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
    chosen = [(work, systems) for work in WORKS if (systems := _chosen(work, only or [""]))]
    if not chosen:
        raise SystemExit(f"no WORK/SYSTEM has {' or '.join(map(repr, only or []))} in it")
    named = {system.name.split()[0] for _, systems in chosen for system in systems}
    if missing := sorted(peer for peer in named & PEERS if find_spec(peer) is None):
        raise SystemExit(f"{' and '.join(missing)} cannot be measured: not installed; `make bench` installs it")
    console = Console(width=None if Console().is_terminal else _WIDTH)
    results: list[Result] = []
    with servers() as places, Workers() as workers:
        for work, systems in chosen:
            found = await measure(work, systems, places, workers, QUICK if quick else THOROUGH)
            results += found
            show_json(found) if json else show_work(found, console)
    if not json and results:
        show_bars(results, console)


def _chosen(work: Work, texts: list[str]) -> list[System]:
    able = [system for system in SYSTEMS if work.task in system.tasks]
    if work.slow_flush:
        able = [system for system in able if system.name.endswith("postgres")]
    return [system for system in able if any(text in f"{work.name}/{system.name}" for text in texts)]


if __name__ == "__main__":
    watch_sqlite()
    cli()

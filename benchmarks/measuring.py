"""Works, measured on all of their systems in turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from math import inf
from statistics import median, quantiles
from typing import TypeAlias

from benchmarks.driving import Round
from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.sessions import Session, open_session
from benchmarks.systems.subject import System
from benchmarks.workers import SharedSession, Workers
from benchmarks.works import Effort, Work

__all__ = ["Chosen", "Result", "RowsDiffer", "measure"]

Chosen: TypeAlias = tuple[Work, Sequence[System]]
"""A work, and the systems to measure it on."""


class RowsDiffer(Exception):
    """A store does not hold what it said it stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the report.

    Args:
        per_second: the best of the rounds: what others did on the machine meanwhile shows least in it.
        median_per_second: of the rounds.
        p50_ms, p99_ms: over the calls of all rounds, in milliseconds.
        fastest_us: what a unit of the fastest call took, in microseconds.
        rounds_us: what a unit took in each round, in microseconds: in the fastest call, with several callers in all.
        paces_us: what a unit took in each round on average, in microseconds, whoever called.
        computing_us: what a unit made the process compute in each round, in microseconds, in the call with the least.
        rows: events in the store afterwards, counted over a connection of its own.
        seconds: of all rounds.
        unit: what *per_second* counts.
        events_per_second: events that *per_second* units are folded from; 0 where that says nothing.
        how: what a reader should know.
    """

    work: str
    system: str
    per_second: float
    median_per_second: float
    p50_ms: float
    p99_ms: float
    fastest_us: float
    rounds_us: Sequence[float]
    paces_us: Sequence[float]
    computing_us: Sequence[float]
    rows: int
    seconds: float
    unit: str
    events_per_second: float
    rounds: int
    how: str
    durability: Settings


@dataclass(slots=True)
class _Run:
    work: Work
    system: System
    url: str
    session: Session | SharedSession
    rounds: list[Round] = field(default_factory=list[Round])


async def measure(group: Sequence[Chosen], servers: Servers, workers: Workers, effort: Effort) -> list[Result]:
    """Measure the works of *group*: a round of each system of each in turn, again and again, each on a fresh store.

    Raises:
        RowsDiffer: a store holds more or fewer events than it acknowledged.
    """
    async with AsyncExitStack() as stack:
        runs: list[_Run] = []
        for work, system in ((work, system) for work, systems in group for system in systems):
            url = await stack.enter_async_context(system.store(servers, slow_flush=work.slow_flush))
            opened = (workers.session if work.processes > 1 else open_session)(system, url, work, effort.aggregates)
            runs.append(_Run(work, system, url, await stack.enter_async_context(opened)))
        pieces = max(work.pieces for work, _ in group)
        turns = sorted(runs, key=lambda run: run.system.name)  # what is compared is next to each other
        for number in range(effort.rounds * pieces):
            for run in turns[number % len(turns) :] + turns[: number % len(turns)]:
                run.rounds.append(await run.session.round(effort.seconds / pieces))
        return [await _result(run, servers.flush_ms) for run in runs]


async def _result(run: _Run, flush_ms: float) -> Result:
    work, outcome = run.work, await run.session.outcome()
    rows = await run.system.rows(run.url)
    if rows != outcome.stored:
        raise RowsDiffer(f"{run.system.name}, {work.name}: {outcome.stored:,} events acknowledged, {rows:,} stored")
    seconds = [one.end - one.start for one in run.rounds]
    latencies = [latency for one in run.rounds for latency in one.latencies]
    hundredths = quantiles(latencies, n=100, method="inclusive")
    rates = [one.calls * outcome.units / took for one, took in zip(run.rounds, seconds, strict=True)]
    return Result(
        work=work.name,
        system=run.system.name,
        per_second=round(max(rates), 1),
        median_per_second=round(median(rates), 1),
        p50_ms=round(hundredths[49] * 1000, 3),
        p99_ms=round(hundredths[98] * 1000, 3),
        fastest_us=round(min(latencies) / outcome.units * 1e6, 4),
        rounds_us=[_unit_us(one, work, outcome.units) for one in run.rounds],
        paces_us=[round(1e6 / rate, 4) if rate else inf for rate in rates],
        computing_us=[round(min(one.computing) / outcome.units * 1e6, 4) for one in run.rounds],
        rows=rows,
        seconds=round(sum(seconds), 3),
        unit=work.unit,
        events_per_second=round(max(rates) * outcome.folded, 1),
        rounds=len(seconds),
        how=outcome.how,
        durability={**outcome.settings, "flush_ms": flush_ms},
    )


def _unit_us(one: Round, work: Work, units: int) -> float:
    alone = work.callers * work.processes == 1
    seconds = min(one.latencies) if alone else (one.end - one.start) / max(one.calls, 1)
    return round(seconds / units * 1e6, 4)

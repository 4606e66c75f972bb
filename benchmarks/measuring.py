"""One work, measured on all of its systems in turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.driving import Round
from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.sessions import Session, open_session
from benchmarks.systems.subject import System
from benchmarks.workers import SharedSession, Workers
from benchmarks.works import Effort, Work

__all__ = ["Result", "RowsDiffer", "measure"]


class RowsDiffer(Exception):
    """A store does not hold what it said it stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the report.

    Args:
        per_second: the best of the rounds: what others did on the machine meanwhile shows least in it.
        median_per_second: of the rounds.
        p50_ms, p99_ms: over the calls of all rounds, in milliseconds.
        rows: events in the store afterwards, counted over a connection of its own.
        seconds: of all rounds.
        unit: what *per_second* counts.
        how: what a reader should know.
    """

    work: str
    system: str
    per_second: float
    median_per_second: float
    p50_ms: float
    p99_ms: float
    rows: int
    seconds: float
    unit: str
    rounds: int
    how: str
    durability: Settings


@dataclass(slots=True)
class _Run:
    system: System
    url: str
    session: Session | SharedSession
    rounds: list[Round] = field(default_factory=list[Round])


async def measure(
    work: Work, systems: Sequence[System], servers: Servers, workers: Workers, effort: Effort
) -> list[Result]:
    """Measure *work*: a round of each system in turn, again and again, each system on a fresh store.

    Raises:
        RowsDiffer: a store holds more or fewer events than it acknowledged.
    """
    async with AsyncExitStack() as stack:
        runs: list[_Run] = []
        for system in systems:
            url = await stack.enter_async_context(system.store(servers, slow_flush=work.slow_flush))
            opened = (workers.session if work.processes > 1 else open_session)(system, url, work, effort.aggregates)
            runs.append(_Run(system, url, await stack.enter_async_context(opened)))
        for number in range(effort.rounds):
            for run in runs[number % len(runs) :] + runs[: number % len(runs)]:
                run.rounds.append(await run.session.round(effort.seconds))
        return [await _result(work, run, servers.flush_ms) for run in runs]


async def _result(work: Work, run: _Run, flush_ms: float) -> Result:
    outcome = await run.session.outcome()
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
        rows=rows,
        seconds=round(sum(seconds), 3),
        unit=work.unit,
        rounds=len(seconds),
        how=outcome.how,
        durability={**outcome.settings, "flush_ms": flush_ms},
    )

"""What Leftfold is to reach, as ratios or differences of two rows of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Literal

from benchmarks.measuring import Result
from benchmarks.systems.leftfold_resume import RESUMED_WITHIN

__all__ = [
    "BARS",
    "LIMITS",
    "TARGETS",
    "Aim",
    "Bar",
    "Limit",
    "Standing",
    "Target",
    "Verdict",
    "aim",
    "compare",
    "judge",
]

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A number of times the peer, or a share of the raw driver; either is enough.

    Args:
        times: the peer; infinite when only the share counts.
        paired: whether the paces of rounds are compared in pairs and the median ratio counts; else the best rounds.
    """

    work: str
    database: str
    times: float
    of_raw: float | None = None
    peer: str = "eventsourcing"
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a bar stands.

    Args:
        times: the peer, as measured; None when the peer was not measured.
        of_raw: the raw driver's share, as measured; None when it was not.
    """

    bar: Bar
    times: float | None
    of_raw: float | None

    @property
    def reached(self) -> bool:
        """Whether one of the bar's two ways is fulfilled."""
        enough = self.times is not None and self.times >= self.bar.times
        share = self.of_raw is not None and self.bar.of_raw is not None and self.of_raw >= self.bar.of_raw
        return enough or share


BARS = (
    Bar("append, 32 writers", "postgres", 20.0, _HALF),
    Bar("append, 32 writers", "sqlite", 10.0, _HALF),
    Bar("append, 1 writer", "postgres", 2.0),
    Bar("append, 1 writer", "sqlite", 1.2),
    Bar("append, sync caller", "sqlite", 0.75),
    Bar("100 events per append", "postgres", 1.4),
    Bar("100 events per append, 32 callers", "postgres", 2.0),
    Bar("100 events per append", "sqlite", 0.9),
    Bar("load 100-event aggregate", "sqlite", 8.0),
    Bar("load 100-event aggregate", "postgres", 8.0),
    Bar("command", "sqlite", 3.0),
    Bar("command", "postgres", 3.0),
    Bar("command, 32 at once", "sqlite", 10.0),
    Bar("command, 32 at once", "postgres", 10.0),
    Bar("command, 32 at once, cached", "sqlite", 20.0),
    Bar("command, 32 at once, cached", "postgres", 20.0),
    Bar("catch up, one row per stream", "postgres", 10.0),
    Bar("catch up, one row per event", "postgres", 10.0),
    Bar("command through the bus", "sqlite", 3.0),
    Bar("command through the bus", "postgres", 3.0),
    Bar("command through the bus, 32 at once", "sqlite", 10.0),
    Bar("command through the bus, 32 at once", "postgres", 10.0),
    Bar("three-step saga", "sqlite", inf, 0.6, "dbos", paired=True),
    Bar("three-step saga", "postgres", inf, 0.6, "dbos", paired=True),
    Bar("three-step saga, flush 2 ms slower", "postgres", inf, 0.6, "dbos", paired=True),
    Bar("three-step saga, 32 at once", "sqlite", 10.0, peer="dbos", paired=True),
    Bar("three-step saga, 32 at once", "postgres", 10.0, peer="dbos", paired=True),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a unit of a work may cost beside a unit of another, both Leftfold's.

    Args:
        work: which one.
        yardstick: the other work.
        most: as many times the time of the yardstick; or, with *added*, microseconds of computing above it.
        added: whether the difference counts, and not the ratio.
    """

    work: str
    yardstick: str
    database: str
    most: float
    added: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a limit stands.

    Args:
        cost: as measured, in what the limit is in.
    """

    limit: Limit
    cost: float

    @property
    def kept(self) -> bool:
        """Whether it cost no more."""
        return self.cost <= self.limit.most


LIMITS = (
    Limit("load 10,000-event aggregate, snapshot at its last version", "load 10-event aggregate", "sqlite", 3.0),
    Limit("load 10,000-event aggregate, snapshot at its last version", "load 10-event aggregate", "postgres", 3.0),
    Limit("load 1,000 events through 3 upcasts", "load 1,000 events of today", "sqlite", 3.0, added=True),
    Limit("load 1,000 events through 3 upcasts", "load 1,000 events of today", "postgres", 3.0, added=True),
    Limit("command through the bus, with an id", "command through the bus", "sqlite", 2.0),
    Limit("command through the bus, with an id", "command through the bus", "postgres", 2.0),
    Limit("command through the bus, 32 at once, with an id", "command through the bus, 32 at once", "sqlite", 2.0),
    Limit("command through the bus, 32 at once, with an id", "command through the bus, 32 at once", "postgres", 2.0),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a row of Leftfold's is to reach by itself.

    Args:
        figure: of the result; a rate has to be this high at least, a time this low at most.
    """

    work: str
    database: str
    figure: Literal["per_second", "p50_ms", "fastest_us"]
    bound: float


@dataclass(frozen=True, slots=True)
class Aim:
    """How a target stands.

    Args:
        measured: the figure.
    """

    target: Target
    measured: float

    @property
    def reached(self) -> bool:
        """Whether it is as high or as low as it has to be."""
        bound = self.target.bound
        return self.measured >= bound if self.target.figure == "per_second" else self.measured <= bound


_RESUMED_MS = (RESUMED_WITHIN.lease_s + RESUMED_WITHIN.poll_s) * 1000

TARGETS = (
    Target("catch up, one row per stream", "sqlite", "per_second", 30_000.0),
    Target("catch up, one row per event", "sqlite", "per_second", 30_000.0),
    Target("commit to visible at 500 commands/s", "sqlite", "p50_ms", 5.0),
    Target("commit to visible at 500 commands/s", "postgres", "p50_ms", 5.0),
    Target("answer after its receipt", "sqlite", "p50_ms", 5.0),
    Target("answer after its receipt", "postgres", "p50_ms", 5.0),
    Target("cached read", "sqlite", "fastest_us", 5.0),
    Target("cached read", "postgres", "fastest_us", 5.0),
    Target("saga resumed after kill -9", "sqlite", "p50_ms", _RESUMED_MS),
    Target("saga resumed after kill -9", "postgres", "p50_ms", _RESUMED_MS),
)


def aim(results: Sequence[Result]) -> list[Aim]:
    """How every target stands that these results can tell about."""
    found = {(result.work, result.system): result for result in results}
    aims: list[Aim] = []
    for target in TARGETS:
        result = found.get((target.work, f"leftfold {target.database}"))
        if result is not None:
            measured: float = getattr(result, target.figure)
            aims.append(Aim(target, measured))
    return aims


def judge(results: Sequence[Result]) -> list[Verdict]:
    """The verdict on every bar that these results can tell about."""
    found = {(result.work, result.system): result for result in results}
    verdicts: list[Verdict] = []
    for bar in BARS:
        ours = found.get((bar.work, f"leftfold {bar.database}"))
        peer = found.get((bar.work, f"{bar.peer} {bar.database}"))
        raw = found.get((bar.work, f"raw {bar.database}"))
        if ours is not None and (peer is not None or (raw is not None and bar.of_raw is not None)):
            ratio = _times_faster if bar.paired else _times_as_many
            verdicts.append(Verdict(bar, *(None if one is None else ratio(ours, one) for one in (peer, raw))))
    return verdicts


def compare(results: Sequence[Result]) -> list[Standing]:
    """How every limit stands that these results can tell about.

    Rounds are compared in pairs, as what else the machine does meanwhile slows both of a pair, and the median ratio
    counts. Where microseconds do, they are of the yardstick's fastest round, and of computing alone: on a machine that
    others use, a long call is interrupted in every round, a short one is not.
    """
    found = {(result.work, result.system): result for result in results}
    standings: list[Standing] = []
    for limit in LIMITS:
        ours = found.get((limit.work, f"leftfold {limit.database}"))
        yardstick = found.get((limit.yardstick, f"leftfold {limit.database}"))
        if ours is not None and yardstick is not None:
            standings.append(Standing(limit, _added_us(ours, yardstick) if limit.added else _times(ours, yardstick)))
    return standings


def _times_as_many(ours: Result, other: Result) -> float:
    return ours.per_second / other.per_second


def _times_faster(ours: Result, other: Result) -> float:
    return median(theirs / our for our, theirs in zip(ours.paces_us, other.paces_us, strict=True))


def _times(ours: Result, yardstick: Result) -> float:
    return median(our / other for our, other in zip(ours.rounds_us, yardstick.rounds_us, strict=True))


def _added_us(ours: Result, yardstick: Result) -> float:
    pairs = zip(ours.computing_us, yardstick.computing_us, strict=True)
    return (median(our / other for our, other in pairs) - 1) * min(yardstick.computing_us)

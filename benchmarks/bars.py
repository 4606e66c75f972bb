"""What Leftfold is to reach, as ratios of two rows of one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measuring import Result

__all__ = ["BARS", "Bar", "Verdict", "judge"]

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """A number of times the peer, or a share of the raw driver; either is enough."""

    work: str
    database: str
    times: float
    of_raw: float | None = None


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
)


def judge(results: Sequence[Result]) -> list[Verdict]:
    """The verdict on every bar that these results can tell about."""
    rates = {(result.work, result.system): result.per_second for result in results}
    verdicts: list[Verdict] = []
    for bar in BARS:
        ours = rates.get((bar.work, f"leftfold {bar.database}"))
        peer = rates.get((bar.work, f"eventsourcing {bar.database}"))
        raw = rates.get((bar.work, f"raw {bar.database}"))
        if ours is not None and (peer is not None or (raw is not None and bar.of_raw is not None)):
            verdicts.append(Verdict(bar, peer and ours / peer, raw and ours / raw))
    return verdicts

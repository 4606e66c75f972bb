"""What the time works read: how long an aggregate is, where its snapshots are, what has to come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.works import Task

__all__ = ["PASTS", "Past", "WrongState", "check"]

_ALL = 10_000
_AMID = 5_050
_EVERY_100 = range(100, _ALL + 1, 100)


class WrongState(Exception):
    """A system did not read what was asked for."""


@dataclass(frozen=True, slots=True)
class Past:
    """An aggregate and the version of it that is asked for.

    Args:
        size: how many events it has.
        version: that is asked for.
        snapshots: versions that it has a snapshot at, in order.
    """

    size: int = _ALL
    version: int = _ALL
    snapshots: Sequence[int] = ()

    @property
    def snapshot(self) -> int:
        """The snapshot to start from, 0 when there is none."""
        return max((version for version in self.snapshots if version <= self.version), default=0)

    @property
    def replayed(self) -> int:
        """How many events there are to fold."""
        return self.version - self.snapshot


PASTS: Mapping[Task, Past] = {
    Task.LOAD_10: Past(10, 10),
    Task.LOAD_10_000: Past(),
    Task.LOAD_NEWEST: Past(snapshots=(_ALL,)),
    Task.LOAD_50_BACK: Past(snapshots=(_ALL - 50,)),
    Task.AT_VERSION: Past(version=_AMID),
    Task.AT_VERSION_KEPT: Past(version=_AMID, snapshots=_EVERY_100),
    Task.AT_RECORDED: Past(version=_AMID),
    Task.AT_RECORDED_KEPT: Past(version=_AMID, snapshots=_EVERY_100),
    Task.READ_NEW: Past(1_000, 1_000),
    Task.READ_OLD: Past(1_000, 1_000),
}
"""By the task that reads it."""


def check(read: object, expected: object) -> None:
    """Raise `WrongState` unless they are equal."""
    if read != expected:
        raise WrongState(f"read {read!r}, expected {expected!r}")

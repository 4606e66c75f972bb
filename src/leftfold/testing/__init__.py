"""Testing: the kit that users test with.

In: aggregates, deciders, projections, registries of user code. Out: histories, movable time, clear failures.
May import: everything but cli.
"""

from leftfold.testing.clock import ManualClock
from leftfold.testing.context_map import assert_context_map
from leftfold.testing.coordinating import GivenProcess, ThenNext
from leftfold.testing.crashing import CrashRun, crash_everywhere
from leftfold.testing.folding import fold, rows
from leftfold.testing.given import GivenAggregate, GivenCommand, GivenDecider, Then, given
from leftfold.testing.lock import check_lock

__all__ = [
    "CrashRun",
    "GivenAggregate",
    "GivenCommand",
    "GivenDecider",
    "GivenProcess",
    "ManualClock",
    "Then",
    "ThenNext",
    "assert_context_map",
    "check_lock",
    "crash_everywhere",
    "fold",
    "given",
    "rows",
]

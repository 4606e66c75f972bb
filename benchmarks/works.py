"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["WORKS", "Effort", "Task", "Work"]


class Task(Enum):
    """What one call does."""

    APPEND = "append one event"
    APPEND_SYNC = "append one event from code that does not await"
    APPEND_100 = "append 100 events"
    LOAD = "load an aggregate of 100 events"
    COMMAND = "load an aggregate of 100 events, decide, append one"


_UNITS = {Task.APPEND_100: "events", Task.LOAD: "events", Task.COMMAND: "commands"}


@dataclass(frozen=True, slots=True)
class Work:
    """One row of the report.

    Args:
        callers: how many call at the same time, in each process.
        processes: how many processes they are in.
        saturated: whether another task keeps the event loop computing.
        slow_flush: whether the database's flushes take 2 ms longer; only PostgreSQL can be told to.
    """

    name: str
    task: Task
    callers: int = 1
    processes: int = 1
    saturated: bool = False
    slow_flush: bool = False

    @property
    def unit(self) -> str:
        """What `per_second` counts."""
        return _UNITS.get(self.task, "appends")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Args:
        rounds: of each system, taken in turn with the other systems of the work.
        seconds: of each round.
        aggregates: of 100 events, that are loaded and changed.
    """

    rounds: int
    seconds: float
    aggregates: int


WORKS = (
    Work("append, 1 writer", Task.APPEND),
    Work("append, sync caller", Task.APPEND_SYNC),
    Work("append, 32 writers", Task.APPEND, callers=32),
    Work("append, 4 processes x 8 writers", Task.APPEND, callers=8, processes=4),
    Work("append, saturated loop", Task.APPEND, callers=8, saturated=True),
    Work("append, flush 2 ms slower", Task.APPEND, callers=32, slow_flush=True),
    Work("append, flush 2 ms slower, 4 processes x 8 writers", Task.APPEND, callers=8, processes=4, slow_flush=True),
    Work("100 events per append", Task.APPEND_100),
    Work("100 events per append, 32 callers", Task.APPEND_100, callers=32),
    Work("load 100-event aggregate", Task.LOAD),
    Work("command", Task.COMMAND),
    Work("command, 32 at once", Task.COMMAND, callers=32),
)

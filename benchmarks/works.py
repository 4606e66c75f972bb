"""What is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["APPEND_WORKS", "FOLLOW_WORKS", "SAGA_WORKS", "TIME_WORKS", "Effort", "Task", "Work"]


class Task(Enum):
    """What one call does."""

    APPEND = "append one event"
    APPEND_SYNC = "append one event from code that does not await"
    APPEND_100 = "append 100 events"
    LOAD = "load an aggregate of 100 events"
    COMMAND = "load an aggregate of 100 events, decide, append one"
    COMMAND_CACHED = "the same, its state kept in the process"
    LOAD_10 = "load an aggregate of 10 events"
    LOAD_10_000 = "load an aggregate of 10,000 events"
    LOAD_NEWEST = "the same from a snapshot at its last version"
    LOAD_50_BACK = "the same from a snapshot 50 events before its last version"
    AT_VERSION = "load an aggregate of 10,000 events as it was after version 5,050"
    AT_VERSION_KEPT = "load it as it was after version 5,050, with snapshots"
    AT_RECORDED = "load an aggregate of 10,000 events as it was known at a time amid them"
    AT_RECORDED_KEPT = "load it as it was known at that time, with snapshots"
    EACH = "fold every account as of one day"
    READ_NEW = "load an aggregate of 1,000 events, all of the newest version"
    READ_OLD = "load an aggregate of 1,000 events, all of the oldest version"

    FOLLOW_STREAMS = "catch up with the whole log, a row for each stream"
    FOLLOW_EVENTS = "catch up with the whole log, a row for each event"
    VISIBLE = "send a command and wait until its row is there"
    ANSWER = "send a command and ask for what its receipt is for"
    CACHED_READ = "ask a query whose answer is kept"
    SEND = "send a command to an aggregate of 100 events"
    SEND_ONCE = "send it with an id"
    SAGA = "carry out a saga of three external steps"
    TRANSITIONS = "hand events in to the instances of a process"
    TIMER = "fire a timer of a process"
    RESUME = "carry on a saga whose process was killed"

    @property
    def prepared(self) -> bool:
        """Whether there has to be something to read."""
        return self not in (Task.APPEND, Task.APPEND_SYNC, Task.APPEND_100, Task.TRANSITIONS, Task.TIMER, Task.RESUME)


_COMMANDS = (Task.COMMAND, Task.COMMAND_CACHED, Task.SEND, Task.SEND_ONCE)
_UNITS = {
    **dict.fromkeys((Task.APPEND, Task.APPEND_SYNC), "appends"),
    **dict.fromkeys((Task.APPEND_100, Task.LOAD, Task.READ_NEW, Task.READ_OLD), "events"),
    **dict.fromkeys((Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS), "events"),
    **dict.fromkeys(_COMMANDS, "commands"),
    Task.EACH: "accounts",
    Task.VISIBLE: "commands",
    **dict.fromkeys((Task.SAGA, Task.RESUME), "sagas"),
    Task.TRANSITIONS: "transitions",
    Task.TIMER: "timers",
    **dict.fromkeys((Task.ANSWER, Task.CACHED_READ), "answers"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One row of the report.

    Args:
        callers: how many call at the same time, in each process.
        processes: how many processes they are in.
        saturated: whether another task keeps the event loop computing.
        slow_flush: whether the database's flushes take 2 ms longer; only PostgreSQL can be told to.
        pieces: that each round is cut into, so that what is compared is close in time.
        database: the only one; None for all of them.
    """

    name: str
    task: Task
    callers: int = 1
    processes: int = 1
    saturated: bool = False
    slow_flush: bool = False
    pieces: int = 1
    database: str | None = None

    @property
    def unit(self) -> str:
        """What `per_second` counts."""
        return _UNITS.get(self.task, "loads")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Args:
        rounds: of each system, taken in turn with the other systems of the work.
        seconds: of each round.
        aggregates: of 100 events, that are loaded and changed by the append works.
    """

    rounds: int
    seconds: float
    aggregates: int


APPEND_WORKS = (
    Work("append, 1 writer", Task.APPEND),
    Work("append, sync caller", Task.APPEND_SYNC),
    Work("append, 32 writers", Task.APPEND, callers=32),
    Work("append, 4 processes x 8 writers", Task.APPEND, callers=8, processes=4),
    Work("append, saturated loop", Task.APPEND, callers=8, saturated=True),
    Work("append, 1 writer, flush 2 ms slower", Task.APPEND, slow_flush=True),
    Work("append, flush 2 ms slower", Task.APPEND, callers=32, slow_flush=True),
    Work("append, flush 2 ms slower, 4 processes x 8 writers", Task.APPEND, callers=8, processes=4, slow_flush=True),
    Work("100 events per append", Task.APPEND_100),
    Work("100 events per append, 32 callers", Task.APPEND_100, callers=32),
    Work("load 100-event aggregate", Task.LOAD),
    Work("command", Task.COMMAND),
    Work("command, 32 at once", Task.COMMAND, callers=32),
    Work("command, 32 at once, cached", Task.COMMAND_CACHED, callers=32),
)

TIME_WORKS: tuple[tuple[Work, ...], ...] = (
    (
        Work("load 10-event aggregate", Task.LOAD_10),
        Work("load 10,000-event aggregate", Task.LOAD_10_000),
        Work("load 10,000-event aggregate, snapshot at its last version", Task.LOAD_NEWEST),
        Work("load 10,000-event aggregate, snapshot 50 events back", Task.LOAD_50_BACK),
    ),
    (
        Work("as of version 5,050 of 10,000", Task.AT_VERSION),
        Work("as of version 5,050 of 10,000, snapshot every 100", Task.AT_VERSION_KEPT),
        Work("as of a recorded time amid 10,000", Task.AT_RECORDED),
        Work("as of a recorded time amid 10,000, snapshot every 100", Task.AT_RECORDED_KEPT),
    ),
    (Work("1,229 accounts as of one day", Task.EACH),),
    (
        Work("load 1,000 events of today", Task.READ_NEW, pieces=5),
        Work("load 1,000 events through 3 upcasts", Task.READ_OLD, pieces=5),
    ),
)
"""Works of one group are measured in turn, so that what else happens on the machine falls on all of them."""

FOLLOW_WORKS: tuple[tuple[Work, ...], ...] = (
    (Work("catch up, one row per stream", Task.FOLLOW_STREAMS),),
    (Work("catch up, one row per event", Task.FOLLOW_EVENTS),),
    (Work("commit to visible at 500 commands/s", Task.VISIBLE, callers=32),),
    (Work("answer after its receipt", Task.ANSWER),),
    (Work("cached read", Task.CACHED_READ),),
    (
        Work("command through the bus", Task.SEND, pieces=5),
        Work("command through the bus, with an id", Task.SEND_ONCE, pieces=5),
    ),
    (
        Work("command through the bus, 32 at once", Task.SEND, callers=32),
        Work("command through the bus, 32 at once, with an id", Task.SEND_ONCE, callers=32),
    ),
)

SAGA_WORKS: tuple[tuple[Work, ...], ...] = (
    *(
        (Work(name, Task.SAGA, callers=callers, pieces=pieces, database=database),)
        for database in ("sqlite", "postgres")
        for name, callers, pieces in (("three-step saga", 1, 5), ("three-step saga, 32 at once", 32, 1))
    ),
    (Work("three-step saga, flush 2 ms slower", Task.SAGA, pieces=5, slow_flush=True, database="postgres"),),
    (Work("transitions of a process", Task.TRANSITIONS),),
    (Work("timers of a process", Task.TIMER, callers=32),),
    (Work("saga resumed after kill -9", Task.RESUME),),
)
"""Sagas a database at a time, for a process has one DBOS at most."""

"""What a measured system looks like to the benchmark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.works import Task

__all__ = ["Awaited", "Blocking", "Plan", "Subject", "System", "Waited"]


@dataclass(frozen=True, slots=True)
class Waited:
    """What a call returns of which only a part counts as its latency, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocking:
    """Calls of a synchronous system, each made over and over in a thread of its own.

    Args:
        units: what one call counts for in `per_second`.
        stored: events that one call stores.
        how: what a reader should know about the numbers.
        folded: events that each unit is folded from; 0 where that says nothing.
    """

    calls: Sequence[Callable[[], object]]
    units: int
    stored: int
    how: str
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Awaited:
    """Calls of an asynchronous system, each made over and over in a task of its own; see `Blocking`."""

    calls: Sequence[Callable[[], Awaitable[object]]]
    units: int
    stored: int
    how: str
    folded: int = 0


Plan: TypeAlias = Blocking | Awaited
"""What a measurement does."""


class Subject(Protocol):
    """An open store of a system."""

    async def prepare(self, task: Task, aggregates: int) -> int:
        """Store what *task* reads; returns how many events that took.

        Args:
            aggregates: how many of 100 events each, for tasks that load and change those.
        """
        ...

    def plan(self, task: Task, callers: int) -> Plan:
        """The calls that do *task*, one for each of *callers* unless it says otherwise."""
        ...

    async def durability(self) -> Settings:
        """Settings read back from the database, from the store's own connections where they are per connection."""
        ...


class System(Protocol):
    """Something that is measured."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    @property
    def tasks(self) -> frozenset[Task]:
        """What it can do."""
        ...

    def store(self, servers: Servers, *, slow_flush: bool) -> AbstractAsyncContextManager[str]:
        """Make a fresh store and return where it is; it is gone afterwards."""
        ...

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """Open the store at *url*, in this process."""
        ...

    async def rows(self, url: str) -> int:
        """How many events are stored, counted over a connection of its own."""
        ...

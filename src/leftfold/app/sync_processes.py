"""The processes of an app, for programs that do not await."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from leftfold.app.background import Background
from leftfold.app.processes import Processes
from leftfold.processes.viewing import ParkedView, ProcessFinding, ProcessView, TimerView

__all__ = ["SyncProcesses"]


class SyncProcesses:
    """See `Processes`."""

    def __init__(self, processes: Processes, background: Background) -> None:
        self._processes = processes
        self._background = background
        self._run = background.run

    def show(self, process: str, key: str) -> ProcessView:
        """See `Processes.show`."""
        return self._run(self._processes.show(process, key))

    def find(self, process: str | None = None, *, statuses: Collection[str] = ()) -> Iterator[ProcessView]:
        """See `Processes.find`."""
        return self._background.each(self._processes.find(process, statuses=statuses))

    def count(self, process: str | None = None) -> Mapping[str, int]:
        """See `Processes.count`."""
        return self._run(self._processes.count(process))

    def timers(self, process: str | None = None) -> Iterator[TimerView]:
        """See `Processes.timers`."""
        return self._background.each(self._processes.timers(process))

    def parked(self, process: str | None = None, *, statuses: Collection[str] = ()) -> Iterator[ParkedView]:
        """See `Processes.parked`."""
        return self._background.each(self._processes.parked(process, statuses=statuses))

    def retry(self, id: str, *, who: str, why: str) -> None:
        """See `Processes.retry`."""
        self._run(self._processes.retry(id, who=who, why=why))

    def drop(self, id: str, *, who: str, why: str) -> None:
        """See `Processes.drop`."""
        self._run(self._processes.drop(id, who=who, why=why))

    def forget(self, process: str | None = None, *, before: datetime, try_only: bool = False) -> Iterator[ProcessView]:
        """See `Processes.forget`."""
        return self._background.each(self._processes.forget(process, before=before, try_only=try_only))

    def check(self) -> Sequence[ProcessFinding]:
        """See `Processes.check`."""
        return self._run(self._processes.check())

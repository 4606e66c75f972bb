"""The processes of a whole app, for whoever looks at them or mends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from itertools import chain
from typing import Final, cast

from leftfold.app.follower_names import process_names, without_context
from leftfold.app.running import Running
from leftfold.clock import Clock
from leftfold.errors import InvalidQuery, UnknownInstance
from leftfold.processes.forgetting import forgotten_processes
from leftfold.processes.mending import Decree, Mending
from leftfold.processes.missing import MISSING
from leftfold.processes.next import MARK
from leftfold.processes.outgoing import COMMAND
from leftfold.processes.running import PROCESS, RunningProcess
from leftfold.processes.viewing import (
    ParkedView,
    ProcessFinding,
    ProcessView,
    TimerView,
    command_view,
    failing_timers,
    missing_view,
    process_view,
    timer_views,
)
from leftfold.store.checks import check_id, check_moment, check_note, check_statuses
from leftfold.store.work_paging import by_status, work_items

__all__ = ["Processes"]

_OF_INSTANCES: Final = ("missing", "waiting", "stuck", "ended")
_OF_PARKED: Final = ("waiting", "sending", "retrying", "refused", "dead")


class Processes:
    """Looks at the processes of an open app, and does what people decide; it is noted with who and why.

    A process is named by itself, or behind its context: `shop.fulfilment`; or as `leftfold projections` prints it.

    Args:
        running: the contexts, by name.
    """

    def __init__(self, running: Mapping[str, Running], clock: Clock) -> None:
        self._running = running
        self._clock = clock

    async def show(self, process: str, key: str) -> ProcessView:
        """An instance as it stands.

        Raises:
            UnknownInstance: there is none.
            InvalidQuery: no context here has such a process.
        """
        running = self._of(process)
        id = running.item_id(key)
        item = (await running.store.work([id])).get(id)
        if item is None:
            raise UnknownInstance(id)
        return process_view(running, item)

    async def find(self, process: str | None = None, *, statuses: Collection[str] = ()) -> AsyncIterator[ProcessView]:
        """Every instance of a process, or of all, by key.

        Args:
            statuses: only those; see `ProcessView`.

        Raises:
            InvalidQuery: there is no such status, or see `show`.
        """
        check_statuses(statuses, _OF_INSTANCES)
        for running in self._processes(process):
            async for item in work_items(running.store, f"{PROCESS}{running.name}/", statuses):
                yield process_view(running, item)

    async def count(self, process: str | None = None) -> Mapping[str, int]:
        """How many instances of a process there are, or of all, by status; none of them is read.

        Raises:
            InvalidQuery: see `show`.
        """
        found: Counter[str] = Counter()
        for running in self._processes(process):
            found.update(by_status(await running.store.count_work(f"{PROCESS}{running.name}/")))
        return dict(found)

    async def timers(self, process: str | None = None) -> AsyncIterator[TimerView]:
        """Every timer that is set, by instance.

        Raises:
            InvalidQuery: see `show`.
        """
        async for view in self.find(process, statuses=("waiting", "stuck")):
            for timer in timer_views(view):
                yield timer

    async def parked(self, process: str | None = None, *, statuses: Collection[str] = ()) -> AsyncIterator[ParkedView]:
        """What waits, is tried again, or was given up: events without an instance, commands, timers.

        Args:
            statuses: only those; see `ParkedView`.

        Raises:
            InvalidQuery: there is no such status, or see `show`.
        """
        check_statuses(statuses, _OF_PARKED)
        names = {one.name for one in self._processes(process)}
        for name, running in self._running.items():
            async for item in work_items(running.store, MISSING, statuses):
                view = missing_view(item)
                if view.sender in names and view.sender.partition(".")[0] == name:
                    yield view
            async for item in work_items(running.store, COMMAND, statuses):
                view = command_view(item)
                mine = view.sender in names or process is None
                if mine and view.sender.partition(".")[0] == name:
                    yield view
        async for instance in self.find(process, statuses=("waiting", "stuck")):
            for timer in failing_timers(instance):
                if not statuses or timer.status in statuses:
                    yield timer

    async def retry(self, id: str, *, who: str, why: str) -> None:
        """Try again what was given up: hand an event in, send a command, fire a timer that failed.

        An event whose instance has still not begun waits once more. A command that was refused is sent with another
        id, since it was not carried out.

        Args:
            id: see `ParkedView`.
            who: wants it.
            why: in their words.

        Raises:
            InvalidInput: *id*, *who* or *why* is no text, or an empty one.
            UnknownInstance: nothing has that id, or no more.
            NotPossible: it does not fit how it stands.
            UnreadableState: this code cannot read the instance.
            Exception: what the function raised at the event.
        """
        await self._mend(id, Decree(verb="retry", who=who, why=why))

    async def drop(self, id: str, *, who: str, why: str) -> None:
        """Let go of an event, a command or a timer that failed; see `retry`."""
        await self._mend(id, Decree(verb="drop", who=who, why=why))

    async def forget(
        self, process: str | None = None, *, before: datetime, try_only: bool = False
    ) -> AsyncIterator[ProcessView]:
        """Delete instances that ended before a moment, with their state and journal.

        One stays while anything of it is left: a command on its way, or whatever was given up. An event that comes for
        a key that was forgotten meets no instance, and may begin one: keep an instance for as long as that can happen.

        Args:
            process: only its instances; those of all processes when left out.
            before: when they ended, or were changed last, at the latest; with a zone.
            try_only: delete nothing, and tell what would be.

        Raises:
            InvalidQuery: *before* has no zone, or see `show`.
        """
        moment = check_moment(before)
        for running in self._processes(process):
            async for item in forgotten_processes(running, moment, try_only=try_only):
                yield process_view(running, item)

    async def check(self) -> Sequence[ProcessFinding]:
        """What keeps instances from being carried on by this code: versions it has not, states of another shape."""
        findings: list[ProcessFinding] = []
        known = {queue for one in self._all() for queue in one.queues}
        for name, context in self._running.items():
            counts: dict[str, int] = {}
            for (queue, status), count in (await context.store.count_work(f"{PROCESS}{name}.")).items():
                if status != "ended" and queue not in known:
                    counts[queue] = counts.get(queue, 0) + count
            findings += [_unknown(queue, count) for queue, count in sorted(counts.items())]
        async for view in self.find(statuses=("waiting", "stuck")):
            if view.reason is not None and f"{PROCESS}{view.process}/{view.version}" in known:
                findings.append(
                    ProcessFinding(
                        process=view.process, version=view.version, key=view.key, count=1, reason=view.reason
                    )
                )
        return findings

    async def _mend(self, id: str, decree: Decree) -> None:
        check_note(decree.who, decree.why)
        check_id(id)
        item_id = id.rpartition(MARK)[0] if id.startswith(PROCESS) else id
        for running in self._running.values():
            if running.coordination is not None and await running.store.work([item_id]):
                await Mending(running.store, running.coordination.processes, self._clock).mend(id, decree)
                return
        raise UnknownInstance(id, parked=True)

    def _processes(self, process: str | None) -> list[RunningProcess]:
        return list(self._all()) if process is None else [self._of(process)]

    def _of(self, process: str) -> RunningProcess:
        known = {one.name: one for one in self._all()}
        named = isinstance(cast("object", process), str)
        found = [name for name, one in known.items() if named and _is_called(one, process)]
        if len(found) != 1:
            near = found or get_close_matches(str(process), known, n=3) or list(known)
            raise InvalidQuery(
                f"{len(found) or 'no'} processes are called {process!r:.80}; there is {', '.join(near) or 'none'}"
            )
        return known[found[0]]

    def _all(self) -> Iterator[RunningProcess]:
        coordinating = (one.coordination for one in self._running.values())
        return chain.from_iterable(one.processes for one in coordinating if one is not None)


def _is_called(running: RunningProcess, wanted: str) -> bool:
    name = running.name
    names = process_names(name, [following.source for following in running.follows])
    return without_context(wanted, name.partition(".")[0]) in names


def _unknown(queue: str, count: int) -> ProcessFinding:
    process, _, version = queue.removeprefix(PROCESS).rpartition("/")
    reason = "no process of this version is registered here; keep its function until they have ended"
    return ProcessFinding(process=process, version=int(version), key=None, count=count, reason=reason)

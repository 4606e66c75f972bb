"""Fires the timers of processes: each once, never early, and never before what was recorded before it was due."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic as seconds
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from leftfold.errors import AppendRefused, InvalidInput, UnreadableState
from leftfold.processes.engine import Moment
from leftfold.processes.instance import Entry, Instance
from leftfold.processes.process import Process
from leftfold.processes.running import RunningProcess
from leftfold.processes.transition import Taken, timer_cause
from leftfold.store.transaction import Transaction
from leftfold.store.work import KEEP, Revise, WorkItem
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.parking import error_text

__all__ = ["LATER", "Firing", "TimerCarrier", "ready"]

LATER: Final = timedelta(seconds=2)
"""How long something that waits for a follower is let go."""

_LATEST: Final = timedelta(minutes=1)
_WAIT_S: Final = 2.0
_KEPT: Final = 10_000
_UNREADABLE: Final = timedelta(minutes=1)
_log: Final = logging.getLogger("leftfold")


class _Due(NamedTuple):
    """The moment of a claim by the database's clock, where the logs ended then, and the same moment by this machine."""

    now: datetime
    heads: Sequence[int]
    since: float


class Firing(NamedTuple):
    """A timer of an instance, at the moment of its claim."""

    running: RunningProcess
    process: Process[Any]
    item: WorkItem
    instance: Instance
    name: str

    def fired(self) -> Taken:
        """The transition of the timer, or that it failed."""
        key, timer, now = self.running.key_of(self.item), self.instance.timers[self.name], self.item.changed_at
        try:
            cause = timer_cause(self.name, timer, self.instance, self.running.origin(key), now)
            with blamed():
                return self.running.take(self.process, key, self.instance.with_timer(self.name, None), cause)
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises concerns its instance alone
            return self.failed(error)

    def failed(self, error: Exception) -> Taken:
        """That the timer failed: it is tried again, or given up."""
        timer, now, text = self.instance.timers[self.name], self.item.changed_at, error_text(error)
        attempts = timer.attempts + 1
        pause_s = self.process.retry.pause_s(attempts, error)
        again = None if pause_s is None else now + timedelta(seconds=pause_s)
        failed = replace(timer, attempts=attempts, again=again, error=text, dead=again is None)
        entry = Entry(kind="failed", what=self.name, at=now, note=text)
        _log.warning("timer %r of %s failed, try %d: %s", self.name, self.item.id, attempts, text)
        return Taken(self.instance.with_timer(self.name, failed).noted(entry), (), applied=False)

    async def write(self, result: Taken, now: datetime) -> None:
        """Store what it came to; the instance stays held while another timer of it is due by *now*."""
        instance = result.instance
        revise = self.running.written(self.item, self.process, instance, instance.wake_at)
        revise = revise if instance.due(now) is None else replace(revise, wake=KEEP)
        await self.running.store.transact(Transaction(writes=[revise, *result.commands]))


class TimerCarrier:
    """Carries on the instances of the processes of one context, whose timers are due.

    What waits for a follower is looked at ever less often: each look changes the token of the instance, and a batch
    of events that was just about to change it has to be decided again.

    Args:
        processes: at work.
    """

    def __init__(self, processes: Sequence[RunningProcess]) -> None:
        self._processes: Mapping[str, RunningProcess] = {queue: one for one in processes for queue in one.queues}
        self.queues: tuple[str, ...] = tuple(self._processes)
        self._waiting: OrderedDict[str, _Due] = OrderedDict()

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`."""
        running = self._processes[item.queue]
        try:
            process, instance = running.process(item), running.instance(item)
        except UnreadableState as error:
            _log.warning("%s", error)
            await self._let_go(running, item, moment() + _UNREADABLE)
            return
        due = await self._due(running, item)
        if not await ready(running, running.key_of(item), due.heads):
            _log.info("timers of %s wait for the events before them, which are not handed in yet", item.id)
            await self._let_go(running, item, moment() + self._pause(item, due))
            return
        token = item.token
        while (name := instance.due(due.now)) is not None:
            firing = Firing(running, process, replace(item, token=token), instance, name)
            result = firing.fired()
            try:
                await firing.write(result, due.now)
            except (InvalidInput, AppendRefused) as error:  # it fails like the function
                result = firing.failed(error)
                await firing.write(result, due.now)
            instance = result.instance
            if not result.applied and (failed := instance.timers.get(name)) is not None:
                running.went_wrong("timer", "dead" if failed.dead else "retrying")
            token += 1
            if instance.due(due.now) is None:
                return
        await self._let_go(running, replace(item, token=token), instance.wake_at)

    async def _due(self, running: RunningProcess, item: WorkItem) -> _Due:
        """What the timers of *item* wait for: of the first claim, for the log grows on while they do."""
        if (known := self._waiting.pop(item.id, None)) is not None:
            return known
        return _Due(item.changed_at, await running.heads(), seconds())

    def _pause(self, item: WorkItem, due: _Due) -> timedelta:
        """How long *item* is let go, until it is looked again whether what it waits for was handed in."""
        self._waiting[item.id] = due
        if len(self._waiting) > _KEPT:
            self._waiting.popitem(last=False)
        waited = timedelta(seconds=seconds() - due.since)
        return min(max(waited, LATER), _LATEST)

    async def _let_go(self, running: RunningProcess, item: WorkItem, wake: datetime | None) -> None:
        revise = Revise(id=item.id, token=item.token, status=item.status, state=item.state, wake=wake)
        await running.store.transact(Transaction(writes=[revise]))


async def ready(running: RunningProcess, key: str, heads: Sequence[int]) -> bool:
    """Whether everything up to *heads* was handed in to an instance, after waiting a little for it."""
    return await running.caught_up(heads, _WAIT_S) and not await running.parked(key)

"""Fires the timers of processes: each once, never early, and never before what was recorded before it was due."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from leftfold.errors import UnreadableState
from leftfold.processes.engine import Moment
from leftfold.processes.instance import Entry, Instance
from leftfold.processes.process import Process
from leftfold.processes.running import RunningProcess
from leftfold.processes.transition import Taken, timer_cause
from leftfold.store.transaction import Transaction
from leftfold.store.work import Hold, Revise, WorkItem
from leftfold.subscriptions.parking import error_text

__all__ = ["LATER", "TimerCarrier", "ready"]

LATER: Final = timedelta(seconds=2)
"""How long something that waits for a follower is let go."""

_WAIT_S: Final = 2.0
_UNREADABLE: Final = timedelta(minutes=1)
_log: Final = logging.getLogger("leftfold")


class TimerCarrier:
    """Carries on the instances of the processes of one context, whose timers are due.

    Args:
        processes: at work.
    """

    def __init__(self, processes: Sequence[RunningProcess]) -> None:
        self._processes: Mapping[str, RunningProcess] = {queue: one for one in processes for queue in one.queues}
        self.queues = tuple(self._processes)

    async def carry(self, item: WorkItem, hold: Hold, moment: Moment) -> None:
        """See `Carrier.carry`."""
        running = self._processes[item.queue]
        try:
            process, instance = running.process(item), running.instance(item)
        except UnreadableState as error:
            _log.warning("%s", error)
            await self._let_go(running, item, moment() + _UNREADABLE)
            return
        if not await ready(running, running.key_of(item)):
            _log.info("timers of %s wait for the events before them, which are not handed in yet", item.id)
            await self._let_go(running, item, moment() + LATER)
            return
        token, now = item.token, item.changed_at  # the moment of the claim, by the database's clock
        while (name := instance.due(now)) is not None:
            result = self._fired(running, process, (running.key_of(item), instance), name, now)
            instance = result.instance
            more = instance.due(now) is not None
            held = replace(item, token=token)
            revise = running.written(held, process, instance, hold if more else instance.wake_at)
            await running.store.transact(Transaction(writes=[revise, *result.commands]))
            token += 1
            if not more:
                return
        await self._let_go(running, replace(item, token=token), instance.wake_at)

    def _fired(
        self, running: RunningProcess, process: Process[Any], place: tuple[str, Instance], name: str, now: datetime
    ) -> Taken:
        """The transition of a timer; when the function raises, the timer is tried again, or given up."""
        key, instance = place
        timer = instance.timers[name]
        try:
            cause = timer_cause(name, timer, instance, running.origin(key), now)
            return running.take(process, key, instance.with_timer(name, None), cause)
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises concerns its instance alone
            text, attempts = error_text(error), timer.attempts + 1
            pause_s = process.retry.pause_s(attempts, error)
            again = None if pause_s is None else now + timedelta(seconds=pause_s)
            failed = replace(timer, attempts=attempts, again=again, error=text, dead=again is None)
            entry = Entry(kind="failed", what=name, at=now, note=text)
            _log.warning("timer %r of %s failed, try %d: %s", name, running.item_id(key), attempts, text)
            return Taken(instance.with_timer(name, failed).noted(entry), (), applied=False)

    async def _let_go(self, running: RunningProcess, item: WorkItem, wake: datetime | None) -> None:
        revise = Revise(id=item.id, token=item.token, status=item.status, state=item.state, wake=wake)
        await running.store.transact(Transaction(writes=[revise]))


async def ready(running: RunningProcess, key: str) -> bool:
    """Whether everything that is recorded by now was handed in to an instance, after waiting a little for it."""
    return await running.caught_up(_WAIT_S) and not await running.parked(key)

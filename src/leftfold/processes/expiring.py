"""Gives events up whose instance did not come to be in time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from leftfold.processes.engine import Moment
from leftfold.processes.firing import LATER, ready
from leftfold.processes.missing import MISSING, load_missing
from leftfold.processes.running import RunningProcess
from leftfold.store.transaction import Transaction
from leftfold.store.work import Revise, WorkItem

__all__ = ["MissingCarrier"]

_log: Final = logging.getLogger("leftfold")


class MissingCarrier:
    """Carries on the events that wait for instances of the processes of one context.

    Args:
        processes: at work.
    """

    def __init__(self, processes: Sequence[RunningProcess]) -> None:
        self._processes: Mapping[str, RunningProcess] = {f"{MISSING}{one.name}": one for one in processes}
        self.queues: tuple[str, ...] = tuple(self._processes)

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`: an event that could still be handed in, for the log has its instance, waits on."""
        running, event = self._processes[item.queue], load_missing(item.state)
        if not await ready(running, event.key, await running.heads()):
            wake, status = moment() + LATER, item.status
        else:
            wake, status = None, "dead"
            _log.warning(
                "process %s: event %r at position %d is given up, for no instance %r has begun",
                running.name,
                event.type,
                event.position,
                event.key,
            )
        revise = Revise(id=item.id, token=item.token, status=status, state=item.state, wake=wake)
        await running.store.transact(Transaction(writes=[revise]))
        if wake is None:
            running.went_wrong("event", status)

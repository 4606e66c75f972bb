"""Turns events into work that begins: commands on their way, and sagas; in the commit that moves the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from leftfold.messages.recorded import RecordedEvent
from leftfold.store.work import Begin
from leftfold.subscriptions.policy import Failing
from leftfold.subscriptions.reaction import InTurn

__all__ = ["Beginning", "Begun"]

Begun: TypeAlias = Callable[[RecordedEvent[object], int], Sequence[Begin]]
"""The work that an event begins; the number is 0, or how much the earlier parts of an event that is split began."""


class Beginning(InTurn):
    """The consumer of a pure function of events.

    Args:
        begun: gives the work of an event, which is the same however often it is asked.
    """

    def __init__(self, events: frozenset[type], begun: Begun, failing: Failing) -> None:
        async def take(event: RecordedEvent[object], number: int) -> Sequence[Begin]:
            return begun(event, number)

        super().__init__(events, take, failing)

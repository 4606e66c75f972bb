"""Deciding again after a conflict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from leftfold.domain.recording import RECORDED, Recorder
from leftfold.errors import Conflict
from leftfold.handling.correlation import OUTCOME
from leftfold.handling.turns import Turns

__all__ = ["ATTEMPTS", "decided_again"]

R = TypeVar("R")

ATTEMPTS: Final = 10
"""How often a decision is made before its conflict is reported."""

_LONGEST_PAUSE_S = 0.05


async def decided_again(turns: Turns, decision: Callable[[], Awaitable[R]]) -> R:
    """Run *decision*, and after a conflict run it again from the start, at most `ATTEMPTS` times.

    Decisions of one process that met take turns. Before those of others are met again, the pauses are random and grow
    to 50 ms. A decision that expects again what was in conflict before, as one that makes something new does, is not
    made a third time.

    Args:
        turns: of all decisions over the streams of this store.
        decision: loads, decides and appends; nothing else, since it may run more than once.

    Raises:
        Conflict: other writers were faster every time. Try later, or make the aggregate smaller.
    """
    expected: set[tuple[str, int | str]] = set()
    recorded: list[Recorder] = []
    before = RECORDED.set(recorded)
    try:
        with turns.deciding() as turn:
            for attempt in range(1, ATTEMPTS):
                try:
                    return await decision()
                except Conflict as conflict:
                    recorded.clear()
                    if (conflict.stream, conflict.expected) in expected:
                        raise
                    expected.add((conflict.stream, conflict.expected))
                    if (outcome := OUTCOME.get()) is not None:
                        outcome.conflicts += 1
                    if not await turn.met(conflict.stream):
                        await asyncio.sleep(random.uniform(0, min(0.001 * 2**attempt, _LONGEST_PAUSE_S)))  # noqa: S311
            return await decision()
    finally:
        RECORDED.reset(before)

"""Deciding again after a conflict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from leftfold.errors import Conflict
from leftfold.handling.correlation import OUTCOME

__all__ = ["ATTEMPTS", "decided_again"]

R = TypeVar("R")

ATTEMPTS: Final = 10
"""How often a decision is made before its conflict is reported."""

_LONGEST_PAUSE_S = 0.05


async def decided_again(decision: Callable[[], Awaitable[R]]) -> R:
    """Run *decision*, and after a conflict run it again from the start, at most `ATTEMPTS` times.

    The pauses between are random and grow to 50 ms, so that writers who met once do not meet again. A decision that
    expects again what was in conflict before, as one that makes something new does, is not made a third time.

    Args:
        decision: loads, decides and appends; nothing else, since it may run more than once.

    Raises:
        Conflict: other writers were faster every time. Try later, or make the aggregate smaller.
    """
    expected: set[tuple[str, int | str]] = set()
    for attempt in range(1, ATTEMPTS):
        try:
            return await decision()
        except Conflict as conflict:
            if (conflict.stream, conflict.expected) in expected:
                raise
            expected.add((conflict.stream, conflict.expected))
            if (outcome := OUTCOME.get()) is not None:
                outcome.conflicts += 1
            await asyncio.sleep(random.uniform(0, min(0.001 * 2**attempt, _LONGEST_PAUSE_S)))  # noqa: S311 - jitter
    return await decision()

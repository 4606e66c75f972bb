"""How often the event loop had a turn, while something went on that might have kept it to itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

__all__ = ["counted_turns"]


@asynccontextmanager
async def counted_turns() -> AsyncGenerator[Callable[[], int]]:
    """What tells how many there were since the beginning."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    try:
        yield lambda: turns
    finally:
        turning.cancel()

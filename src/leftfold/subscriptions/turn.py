"""A look for work, which ends with whoever looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

__all__ = ["Turn"]


class Turn:
    """Looks for work one time after another; one that is under way can be told when to end."""

    def __init__(self) -> None:
        self._timeout: asyncio.Timeout | None = None

    async def take(self, look: Awaitable[None]) -> None:
        """Wait for *look*.

        Raises:
            TimeoutError: it was cut off.
        """
        try:
            async with asyncio.timeout(None) as self._timeout:
                await look
        finally:
            self._timeout = None  # however it ended: there is nothing to cut off

    def end_at(self, when: float) -> None:
        """Cut off the look that is under way at a time of the event loop, in seconds; the first time told counts."""
        if self._timeout is not None and self._timeout.when() is None:
            self._timeout.reschedule(when)

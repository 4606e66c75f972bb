"""An end to calls that take too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

__all__ = ["Watch"]


class Watch:
    """One timer for calls that follow each other: to set one for each costs more than anything else about them.

    Args:
        break_off: ends the call that is under way.
    """

    def __init__(self, break_off: Callable[[], None]) -> None:
        self._break_off = break_off
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._until: float | None = None
        self._seconds = 0.0
        self._broke_off = False

    def over(self, seconds: float) -> Watch:
        """Break off what happens inside when it has not ended after *seconds*.

        Raises:
            TimeoutError: it was broken off.
        """
        self._until = until = self._loop.time() + seconds
        self._seconds = seconds
        self._broke_off = False
        if self._timer is None or self._timer.when() > until:
            self._set(until)
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._until = None
        if self._broke_off and isinstance(error, Exception):
            raise TimeoutError(f"no answer after {self._seconds:.3g} s") from error

    def end(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, when: float) -> None:
        self.end()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._until is None:
            return
        if self._until <= self._loop.time():
            self._broke_off = True
            self._break_off()
        else:
            self._set(self._until)

"""One synchronous call: a coroutine on a loop, and the thread that waits for it."""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop, CancelledError, Task
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from leftfold.errors import LeftfoldError

__all__ = ["Call"]

R = TypeVar("R")


class Call(Generic[R]):
    """Made by the thread that calls, for *work* on *loop*.

    Args:
        finished: called on the loop when the work is done, whatever came of it.
    """

    def __init__(
        self,
        work: Coroutine[Any, Any, R],
        loop: AbstractEventLoop,
        finished: Callable[[Call[Any]], None],
        *,
        may_drive: bool,
    ) -> None:
        self.thread: int = threading.get_ident()
        self.may_drive = may_drive
        self.drives = False
        """Whether its thread is the one that drives the loop."""
        self.done: bool = False
        self.exposed: bool = False
        """Whether its thread may be torn out of what it does."""
        self.torn: bool = False
        self._work = work
        self._loop = loop
        self._finished = finished
        self._task: Task[R] | None = None
        self._cancelled = False
        self._error: LeftfoldError | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def start(self) -> None:
        """Begin, on the loop, unless it was cancelled before."""
        if self._cancelled:
            self._work.close()
            self._finish()
        else:
            self._task = self._loop.create_task(self._work)
            self._task.add_done_callback(self._finish)

    def refuse(self) -> None:
        """End it without having begun."""
        self._work.close()
        self.done = True

    def fail(self, error: LeftfoldError) -> None:
        """End it with *error*, whatever becomes of its work."""
        self._error = error
        self.done = True
        self.wake()

    def cancel(self) -> None:
        """Cancel its work, from any thread and from a signal handler; it may take a while to end."""
        if not self.done:
            self._cancelled = True
            self._loop.call_soon_threadsafe(self._cancel)

    def tear(self) -> bool:
        """Whether its thread may be torn out of what it does; it is marked so then."""
        self.torn = self.exposed
        return self.torn

    def wait(self) -> None:
        """Wait until it is done or has the loop to drive."""
        self.exposed = True
        try:
            self._gate.acquire()
        finally:
            self.exposed = False

    def wake(self) -> None:
        """Let its thread go on."""
        self._gate.release()

    def result(self) -> R:
        """What its work returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        if self._task is None:
            raise CancelledError
        return self._task.result()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _finish(self, _task: Task[R] | None = None) -> None:
        self.done = True
        self._finished(self)

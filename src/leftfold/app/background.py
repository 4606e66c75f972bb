"""An event loop on a thread of its own, for programs that do not await."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from weakref import WeakSet

from leftfold.errors import LeftfoldError

__all__ = ["Background"]

R = TypeVar("R")

_all: WeakSet[Background] = WeakSet()


class Background:
    """Runs coroutines on its loop and waits for them; the loop starts with the first.

    Threads may share it. After a fork the child has no loop and starts one of its own: `generation` has then changed,
    and what belonged to the old loop is of no use any more.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        _all.add(self)

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run *work* on the loop and return what it returns; a KeyboardInterrupt cancels it.

        Raises:
            LeftfoldError: called on the loop's own thread, where waiting would never end; await there instead.
        """
        loop = self._started()
        if threading.current_thread() is self._thread:
            work.close()
            raise LeftfoldError("a synchronous call inside a handler would wait for itself; await the App there")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the loop and its thread; the next `run` starts others."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def forget(self) -> None:
        """Drop the loop without touching it: it was another process's."""
        self.generation += 1
        self._lock = threading.Lock()
        self._loop = self._thread = None

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="leftfold", daemon=True)
                self._thread.start()
            return self._loop


def _forget_all() -> None:
    for background in list(_all):
        background.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

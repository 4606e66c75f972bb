"""An event loop for programs that do not await."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from weakref import WeakSet

from leftfold.app.driving import SharedLoop

__all__ = ["Background"]

R = TypeVar("R")

_all: WeakSet[Background] = WeakSet()


class _End:
    """What an iterator gives after its last item."""


_END: Final = _End()


class Background:
    """Runs coroutines on its loop and waits for them; the loop starts with the first.

    Threads may share it. The thread that calls drives the loop itself when no other does, so what runs there may find
    itself in another thread after each await. While nobody calls, a thread of its own drives it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.Lock()
        self._generation = 0
        self._shared: SharedLoop | None = None
        _all.add(self)

    @property
    def generation(self) -> int:
        """Counts the loops that were lost, by a fork or a torn call; what belonged to one is of no use any more."""
        with self._lock:
            return self._generation + (self._shared is not None and self._shared.broken)

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run *work* on the loop and return what it returns; a KeyboardInterrupt cancels it.

        A second KeyboardInterrupt does not wait for it to end: the loop is given up, and the next `run` starts another.

        Raises:
            LeftfoldError: called by what runs on the loop, where waiting would never end; await there instead.
        """
        return self._started().run(work)

    def each(self, items: AsyncIterator[R]) -> Iterator[R]:
        """The *items*, each awaited on the loop when it is asked for."""

        async def step() -> R | _End:
            return await anext(items, _END)

        while not isinstance(item := self.run(step()), _End):
            yield item

    @contextmanager
    def alone(self) -> Generator[None]:
        """One thread after another, for what opens or closes something on the loop.

        Raises:
            LeftfoldError: see `run`.
        """
        with self._lock:
            shared = self._shared
        if shared is not None:
            shared.check_outside()
        with self._turns:
            yield

    def stop(self) -> None:
        """Cancel what runs on the loop and end it; the next `run` starts another."""
        with self._lock:
            shared = self._shared
            if shared is None or shared.broken or shared.is_driven_here:
                return
            self._shared = None
        shared.close()

    def forget(self) -> None:
        """Drop the loop without touching it: it was another process's."""
        self._lock = threading.Lock()
        self._turns = threading.Lock()
        self._generation += 1
        self._shared = None

    def _started(self) -> SharedLoop:
        with self._lock:
            if self._shared is not None and self._shared.broken:
                self._generation += 1
                self._shared = None
            if self._shared is None:
                self._shared = SharedLoop()
            return self._shared


def _forget_all() -> None:
    for background in list(_all):
        background.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)

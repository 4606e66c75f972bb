"""Signals of a thread that runs an event loop: an exception out of a handler must not strike in the loop's middle."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from importlib import import_module
from types import FrameType, ModuleType, TracebackType
from typing import Final, Self, TypeAlias

__all__ = ["Interrupts", "can_drive"]

_Handler: TypeAlias = Callable[[int, FrameType | None], None]

# What the module `signal` wraps, without looking each value up in an enum: a thirtieth of the cost of a whole look.
_signal: Final[ModuleType] = import_module("_signal")
_get: Final[Callable[[int], object]] = _signal.getsignal
_set: Final[Callable[[int, _Handler], object]] = _signal.signal
_INTERRUPT: Final = int(signal.SIGINT)
_OTHERS: Final = tuple(int(number) for number in signal.valid_signals() if number != _INTERRUPT)


def can_drive() -> bool:
    """Whether the calling thread may run another event loop for the time of a call.

    Not when it runs one already, as in a notebook. Not when it is the main thread of a program with signal handlers of
    its own: what they raise would strike anywhere in the loop, and other threads' work is on it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        if threading.current_thread() is not threading.main_thread():
            return True
        own = _get(_INTERRUPT)
        return (own is signal.default_int_handler or not callable(own)) and not any(map(callable, map(_get, _OTHERS)))
    return False


class Interrupts:
    """Makes Ctrl-C a cancellation for the time of a `with` block, and a KeyboardInterrupt at its end.

    It does nothing outside the main thread, where none is raised, nor when Ctrl-C means something else.

    Args:
        cancel: called at the first Ctrl-C, wherever the thread is then.
        tear: called at each further one; whether the thread is where it may be torn out of, by raising there at once.
    """

    def __init__(self, cancel: Callable[[], None], tear: Callable[[], bool]) -> None:
        self._cancel = cancel
        self._tear = tear
        self._count = 0
        self._handler: _Handler | None = None

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and _get(_INTERRUPT) is signal.default_int_handler:
            try:
                handler: _Handler = self._interrupt
                _set(_INTERRUPT, handler)
                self._handler = handler
            except ValueError:  # an embedded interpreter, which no signal reaches
                pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handler is not None and _get(_INTERRUPT) is self._handler:
            _set(_INTERRUPT, signal.default_int_handler)
        if self._count and not isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt from (None if isinstance(error, asyncio.CancelledError) else error)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1:
            self._cancel()
        elif self._tear():
            raise KeyboardInterrupt

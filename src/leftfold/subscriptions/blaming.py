"""What an error that user code lets out is about: what was handled, or the task that handled it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeAlias

__all__ = ["Killed", "Stray", "blamed", "ends_task", "running_task"]

_Task: TypeAlias = "asyncio.Task[object]"


def running_task() -> _Task | None:
    """The task that runs now; None outside an event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def ends_task(error: BaseException, task: _Task | None) -> bool:
    """Whether *error* ends *task*; it is about what was handled otherwise, whatever its class.

    `SystemExit`, `KeyboardInterrupt` and `Killed` end it, a cancellation that it was asked for, and a `GeneratorExit`
    that closes its coroutine from outside. A `CancelledError` that nobody asked it for comes of something else that was
    cancelled, as of a call that was awaited.

    Args:
        task: the one that handled, from `running_task` before it began.
    """
    if isinstance(error, SystemExit | KeyboardInterrupt | Killed):
        return True
    if isinstance(error, asyncio.CancelledError):
        return task is None or task.cancelling() > 0
    return isinstance(error, GeneratorExit) and running_task() is not task


class Killed(BaseException):
    """The process is killed, as a test plays it: nothing here handles it."""


class Stray(Exception):
    """User code let out what is no `Exception`, as a cancellation of something else that it had waited for."""

    def __init__(self, error: BaseException) -> None:
        name = type(error).__qualname__
        super().__init__(
            "a cancellation came out that nobody had asked for; catch it where it is waited for"
            if isinstance(error, asyncio.CancelledError)
            else f"{name} came out, which is no Exception; catch it where it comes from"
        )


class _Blamed:
    __slots__ = ("_task",)

    def __enter__(self) -> None:
        self._task = running_task()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None or isinstance(error, Exception) or ends_task(error, self._task):
            return
        raise Stray(error) from error


def blamed() -> AbstractContextManager[None]:
    """Around user code: what comes out of it is an `Exception`, or ends this task.

    Raises:
        Stray: it was neither, as a cancellation that this task was not asked for; see `ends_task`.
    """
    return _Blamed()

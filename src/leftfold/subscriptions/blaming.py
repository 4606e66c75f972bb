"""What an error that user code lets out is about: what was handled, or the task that handled it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, TypeAlias

__all__ = ["Stray", "blamed", "ends_task", "running_task"]

_Task: TypeAlias = "asyncio.Task[object]"


def running_task() -> _Task | None:
    """The task that runs now; None outside an event loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def ends_task(error: BaseException, task: _Task | None) -> bool:
    """Whether *error* ends *task*; it is about what was handled otherwise, whatever its class.

    `SystemExit` and `KeyboardInterrupt` end it, a cancellation that it was asked for, and a `GeneratorExit` that closes
    its coroutine from outside. A `CancelledError` that nobody asked it for comes of something else that was cancelled,
    as of a call that was awaited.

    Args:
        task: the one that handled, from `running_task` before it began.
    """
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return True
    if isinstance(error, asyncio.CancelledError):
        return task is None or task.cancelling() > 0
    return isinstance(error, GeneratorExit) and running_task() is not task


class Stray(Exception):
    """User code let a cancellation out that nobody had asked for: of something else that it had waited for."""

    def __init__(self) -> None:
        super().__init__("a cancellation came out that nobody had asked for; catch it where it is waited for")


class _Blamed:
    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, asyncio.CancelledError) and not ends_task(error, running_task()):
            raise Stray from error


_BLAMED: Final = _Blamed()


def blamed() -> AbstractContextManager[None]:
    """Around user code that is awaited: a cancellation that comes out of it is one that this task was asked for.

    Raises:
        Stray: it was not; see `ends_task`.
    """
    return _BLAMED

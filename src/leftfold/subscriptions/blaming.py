"""What an error that user code lets out is about: what was handled, or the task that handled it."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

__all__ = ["ends_task", "running_task"]

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

"""Tasks that whoever begins them knows before they end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

__all__ = ["task_of"]

T = TypeVar("T")


def task_of(work: Coroutine[object, object, T], *, name: str | None = None) -> asyncio.Task[T]:
    """A task that begins with the loop's next turn, whatever its task factory would do.

    An eager one carries *work* out at once: what it notes when it ends comes before what is noted of its beginning.

    Args:
        name: of the task; one that the loop makes up when left out.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)

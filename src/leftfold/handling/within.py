"""Awaits what somebody else wrote, within the time that it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from types import coroutine
from typing import TypeVar

__all__ = ["NoAnswer", "within"]

R = TypeVar("R")


class NoAnswer(TimeoutError):
    """What was awaited had not ended when its time was over, whatever errors of its own mean."""


async def within(seconds: float, work: Awaitable[R]) -> R:
    """What *work* returns. Time runs from now; a timer is set only once it has to be waited for.

    Raises:
        NoAnswer: the time is over; *work* was cancelled.
        Exception: whatever it raises.
    """
    end = asyncio.get_running_loop().time() + seconds
    steps = work.__await__()
    try:
        first = next(steps)
    except StopIteration as ended:
        result: R = ended.value
        return result
    limit = asyncio.timeout_at(end)
    try:
        async with limit:
            return await _rest(first, steps)
    except TimeoutError as error:
        if limit.expired():
            raise NoAnswer(f"no answer within {seconds:g} s") from error
        raise


@coroutine
def _rest(first: object, steps: Generator[object, None, R]) -> Generator[object, None, R]:
    """Await what has begun and waits for *first*."""
    waits = first
    while True:
        try:
            yield waits
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is for what is awaited
            try:
                waits = steps.throw(error)
            except StopIteration as ended:
                result: R = ended.value
                return result
        else:
            return (yield from steps)

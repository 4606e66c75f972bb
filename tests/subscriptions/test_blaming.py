"""Whom an error is about: what was handled, unless the task itself is to end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.parking import error_text


class Odd(BaseException):
    pass


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class _Private(Exception):
    pass


class Wrong(Exception):
    def __str__(self) -> str:
        return cast("str", 5)


@pytest.mark.parametrize("error", [ValueError(), Odd(), MemoryError(), GeneratorExit(), asyncio.CancelledError()])
async def test_what_user_code_lets_out_is_about_what_was_handled(error: BaseException) -> None:
    assert not ends_task(error, running_task())


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt()])
async def test_what_ends_the_program_ends_the_task(error: BaseException) -> None:
    assert ends_task(error, running_task())


async def test_a_cancellation_that_the_task_was_asked_for_ends_it() -> None:
    found: list[bool] = []

    async def wait() -> None:
        task = running_task()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            found.append(ends_task(error, task))
            raise

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert found == [True]


async def test_a_coroutine_that_is_closed_from_outside_ends() -> None:
    found: list[bool] = []

    async def wait(task: asyncio.Task[Any] | None) -> None:
        try:
            await asyncio.sleep(60)
        except GeneratorExit as error:
            found.append(ends_task(error, task))
            raise

    other = asyncio.create_task(asyncio.sleep(0))
    waiting: Coroutine[Any, Any, None] = wait(other)
    waiting.send(None)
    waiting.close()
    await other
    assert found == [True]


def test_outside_an_event_loop_there_is_no_task() -> None:
    assert running_task() is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Mute(), "Mute: (its text cannot be had: ValueError)"),
        (Wrong(), "Wrong: (its text cannot be had: TypeError)"),
        (_Private("so"), "Private: so"),
        (ValueError("a\0b\ud800"), "ValueError: a\\0b\\ud800"),
        (ValueError("x" * 10_000), f"ValueError: {'x' * 1_988}"),
    ],
)
def test_an_error_is_told_whatever_its_text_is(error: Exception, text: str) -> None:
    assert error_text(error) == text

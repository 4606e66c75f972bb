"""Awaiting what somebody else wrote: within its time, to its end, and with a timer only where it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import suppress

import pytest

from leftfold.handling.within import NoAnswer, within

_SOON_S = 0.02
_LONG_S = 30.0


async def _at_once() -> int:
    return 7


async def _later(turns: int = 3) -> int:
    for _ in range(turns):
        await asyncio.sleep(0.001)
    return turns


class _Generated:
    """Awaitable, and no coroutine."""

    def __await__(self) -> Generator[object, None, str]:
        yield from asyncio.sleep(0.001).__await__()
        return "made"


async def test_it_returns_what_is_awaited_however_that_is_written() -> None:
    assert await within(_LONG_S, _at_once()) == 7
    assert await within(_LONG_S, _later()) == 3
    assert await within(_LONG_S, _Generated()) == "made"
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.001, future.set_result, 5)
    assert await within(_LONG_S, future) == 5
    assert await within(_LONG_S, asyncio.create_task(_later(1))) == 1
    assert await within(_LONG_S, future) == 5, "it is done already"


async def test_what_does_not_wait_needs_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    set_at: list[float] = []
    call_at = loop.call_at

    def noted(when: float, *arguments: object, **options: object) -> asyncio.TimerHandle:
        set_at.append(when)
        return call_at(when, *arguments, **options)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(loop, "call_at", noted)
    assert await within(_LONG_S, _at_once()) == 7
    assert not set_at
    assert await within(_LONG_S, asyncio.sleep(0, "slept")) == "slept"
    assert len(set_at) == 1


@pytest.mark.parametrize("waits", [False, True])
async def test_whatever_it_raises_comes_out(*, waits: bool) -> None:
    own = TimeoutError("its own")

    async def failing() -> None:
        if waits:
            await asyncio.sleep(0.001)
        raise own

    with pytest.raises(TimeoutError) as raised:
        await within(_LONG_S, failing())
    assert raised.value is own


async def test_it_is_cancelled_when_its_time_is_over_and_may_clean_up() -> None:
    done: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(_LONG_S)
        except asyncio.CancelledError:
            done.append("cancelled")
            await asyncio.sleep(0.001)
            await asyncio.sleep(0.001)
            done.append("cleaned up")
            raise

    with pytest.raises(NoAnswer, match=r"no answer within 0\.02 s"):
        await within(_SOON_S, slow())
    assert done == ["cancelled", "cleaned up"]


async def test_what_returns_although_it_was_cancelled_has_answered() -> None:
    async def stubborn() -> int:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(_LONG_S)
        return 1

    assert await within(_SOON_S, stubborn()) == 1


async def test_time_runs_from_the_beginning_and_not_from_where_it_waits_first() -> None:
    loop = asyncio.get_running_loop()

    async def busy_first() -> None:
        until = loop.time() + 0.15
        while loop.time() < until:
            pass
        await asyncio.sleep(0.1)

    with pytest.raises(NoAnswer):
        await within(0.2, busy_first())
    with pytest.raises(NoAnswer):
        await within(0.0, asyncio.sleep(_LONG_S))


async def test_a_time_limit_of_its_own_is_its_own_business() -> None:
    async def limited() -> str:
        try:
            async with asyncio.timeout(_SOON_S):
                await asyncio.sleep(_LONG_S)
        except TimeoutError:
            return "its own limit"
        return "none"

    assert await within(_LONG_S, limited()) == "its own limit"


async def test_who_waits_can_be_cancelled_again_and_again_and_what_is_awaited_hears_it() -> None:
    heard = 0

    async def deaf() -> str:
        nonlocal heard
        for _ in range(3):
            try:
                await asyncio.sleep(_LONG_S)
            except asyncio.CancelledError:
                heard += 1
        return "gave in"

    task = asyncio.create_task(within(_LONG_S, deaf()))
    for _ in range(3):
        await asyncio.sleep(0.001)
        task.cancel()
    assert await task == "gave in"
    assert heard == 3
    gone = asyncio.create_task(within(_LONG_S, asyncio.sleep(_LONG_S)))
    await asyncio.sleep(0.001)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_what_is_closed_from_outside_closes_what_it_awaits() -> None:
    closed: list[str] = []

    async def waiting() -> None:
        try:
            await asyncio.sleep(_LONG_S)
        except GeneratorExit:
            closed.append("closed")
            raise

    steps = within(_LONG_S, waiting())
    steps.send(None)
    steps.close()
    assert closed == ["closed"]

"""What takes too long is broken off, and nothing else is."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.adapters.postgres.watching import Watch


class _Calls:
    def __init__(self) -> None:
        self.watch = Watch(self._break_off)
        self.broken_off = 0
        self._ended = asyncio.Event()

    def _break_off(self) -> None:
        self.broken_off += 1
        self._ended.set()

    async def call(self, takes_s: float, allowed_s: float) -> None:
        """A call over a connection that breaks when it is broken off."""
        self._ended.clear()
        with self.watch.over(allowed_s):
            try:
                async with asyncio.timeout(takes_s):
                    await self._ended.wait()
            except TimeoutError:
                return
            raise ConnectionError("the connection broke")


async def test_a_call_that_takes_too_long_is_broken_off_and_says_how_long_it_took() -> None:
    calls = _Calls()
    started = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError, match="no answer after"):
        await calls.call(5.0, 0.05)
    assert 0.05 <= asyncio.get_running_loop().time() - started < 4.0
    assert calls.broken_off == 1


async def test_one_timer_serves_calls_one_after_another() -> None:
    calls = _Calls()
    for _ in range(30):
        await calls.call(0.02, 0.5)  # together more than one may take
    assert calls.broken_off == 0
    with pytest.raises(TimeoutError):
        await calls.call(5.0, 0.05)
    await calls.call(0.02, 0.5)
    assert calls.broken_off == 1


async def test_a_call_that_is_allowed_less_than_those_before_is_broken_off_in_time() -> None:
    calls = _Calls()
    await calls.call(0.001, 30.0)
    started = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await calls.call(5.0, 0.05)
    assert asyncio.get_running_loop().time() - started < 4.0


async def test_what_breaks_by_itself_is_told_as_it_is() -> None:
    watch = Watch(lambda: None)
    with pytest.raises(ConnectionError, match="by itself"), watch.over(30.0):
        raise ConnectionError("by itself")
    watch.end()

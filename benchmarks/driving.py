"""Makes the calls of a plan over and over for a while, and times each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import perf_counter, process_time
from types import TracebackType
from typing import Self, TypeAlias

from benchmarks.systems.subject import Awaited, Plan, Waited

__all__ = ["Driver", "Round"]

_COMPUTING_S = 0.001

_Times: TypeAlias = tuple[float, float, float]
_Call: TypeAlias = Callable[[], object]
_AsyncCall: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Round:
    """What happened in one round.

    Args:
        start: when it began, in seconds of the machine's monotonic clock.
        end: when it was over.
        calls: that had returned by then.
        latencies: of each call, in seconds; of those too that were still on their way then.
        computing: seconds that the process computed during each call, whoever for.
    """

    start: float
    end: float
    calls: int
    latencies: list[float]
    computing: list[float]


class Driver:
    """Drives one plan. Threads are kept from round to round, as connections belong to them.

    Args:
        saturated: keep the event loop computing meanwhile; blocking calls are then made from it through threads, as a
            program with an event loop has to. The round is over when the computing is: a call that it starved has not
            returned by then.
    """

    def __init__(self, plan: Plan, *, saturated: bool = False) -> None:
        self.plan = plan
        self.calls = 0
        """Calls made so far, the untimed ones included."""
        self._saturated = saturated
        self._threads = ThreadPoolExecutor(len(plan.calls), thread_name_prefix="caller")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()

    async def drive(self, seconds: float) -> Round:
        """Make calls for *seconds*, each at least once."""
        times: list[_Times] = []
        start = perf_counter()
        until = start + seconds
        if isinstance(self.plan, Awaited):
            await self._await_all(self.plan.calls, until, times)
        elif self._saturated:
            in_thread = partial(asyncio.get_running_loop().run_in_executor, self._threads)
            await self._await_all([partial(in_thread, call) for call in self.plan.calls], until, times)
        else:
            self._block(self.plan.calls, until, times)
        self.calls += len(times)
        end = until if self._saturated else perf_counter()
        returned = sum(1 for _, last, _ in times if last <= end)
        return Round(start, end, returned, [last - first for first, last, _ in times], [each[2] for each in times])

    async def _await_all(self, calls: Sequence[_AsyncCall], until: float, times: list[_Times]) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self._saturated:
                tasks.create_task(_compute(until))
            for call in calls:
                tasks.create_task(_await(call, until, times))

    def _block(self, calls: Sequence[_Call], until: float, times: list[_Times]) -> None:
        running = [self._threads.submit(_repeat, call, until, times) for call in calls]
        for caller in running:
            caller.result()


def _repeat(call: _Call, until: float, times: list[_Times]) -> None:
    while True:
        start, computed = perf_counter(), process_time()
        told = call()
        end = perf_counter()
        times.append(_counted(told, start, end, process_time() - computed))
        if end >= until:
            return


async def _await(call: _AsyncCall, until: float, times: list[_Times]) -> None:
    while True:
        start, computed = perf_counter(), process_time()
        told = await call()
        end = perf_counter()
        times.append(_counted(told, start, end, process_time() - computed))
        if end >= until:
            return


def _counted(told: object, start: float, end: float, computed: float) -> _Times:
    return (end - told.seconds if isinstance(told, Waited) else start), end, computed


async def _compute(until: float) -> None:
    while (now := perf_counter()) < until:
        while perf_counter() < now + _COMPUTING_S:
            pass
        await asyncio.sleep(0)

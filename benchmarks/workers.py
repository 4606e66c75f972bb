"""Sessions in several processes that start each round together."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from multiprocessing import Pipe, get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from benchmarks.driving import Round
from benchmarks.durability import watch_sqlite
from benchmarks.sessions import Outcome, Session, open_session
from benchmarks.systems.subject import System
from benchmarks.works import Work

__all__ = ["SharedSession", "WorkerFailed", "Workers"]

_END_S = 20.0


class WorkerFailed(Exception):
    """A worker process raised; the message is its traceback."""


@dataclass(frozen=True, slots=True)
class _Open:
    system: System
    url: str
    work: Work
    aggregates: int


@dataclass(frozen=True, slots=True)
class _Drive:
    system: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Close:
    system: str


@dataclass(frozen=True, slots=True)
class _Tell:
    system: str


@dataclass(frozen=True, slots=True)
class _Failed:
    trace: str


_Order: TypeAlias = _Open | _Drive | _Tell | _Close
_Answer: TypeAlias = Outcome | Round | None


class _Pipe(Protocol):
    def send(self, obj: object, /) -> None: ...
    def recv(self) -> object: ...
    def close(self) -> None: ...


class Workers:
    """Worker processes, for the time of a `with` block; they start when first asked for."""

    def __init__(self) -> None:
        self._pipes: list[_Pipe] = []
        self._processes: list[SpawnProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(_END_S)
            process.kill()

    @asynccontextmanager
    async def session(self, system: System, url: str, work: Work, aggregates: int) -> AsyncGenerator[SharedSession]:
        """Open the store at *url* in every worker."""
        if not self._processes:
            self._start(work.processes)
        self.ask(_Open(system, url, work, aggregates))
        yield SharedSession(self, system.name)
        self.ask(_Close(system.name))

    def _start(self, count: int) -> None:
        context = get_context("spawn")
        self._barrier = context.Barrier(count)
        for _ in range(count):
            ours, theirs = Pipe()
            process = context.Process(target=_work, args=(theirs, self._barrier), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def ask(self, order: _Order) -> Sequence[object]:
        """Give every worker the same order and wait for all of them."""
        for pipe in self._pipes:
            pipe.send(order)
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, _Failed):
                raise WorkerFailed(answer.trace)
        return answers


class SharedSession:
    """A session in every worker; see `Session`."""

    def __init__(self, workers: Workers, system: str) -> None:
        self._workers = workers
        self._system = system

    async def round(self, seconds: float) -> Round:
        """See `Session.round`; from the first start to the last end."""
        rounds = [one for one in self._workers.ask(_Drive(self._system, seconds)) if isinstance(one, Round)]
        return Round(
            min(one.start for one in rounds),
            max(one.end for one in rounds),
            sum(one.calls for one in rounds),
            [latency for one in rounds for latency in one.latencies],
            [computing for one in rounds for computing in one.computing],
        )

    async def outcome(self) -> Outcome:
        """See `Session.outcome`."""
        outcomes = [one for one in self._workers.ask(_Tell(self._system)) if isinstance(one, Outcome)]
        first = outcomes[0]
        return replace(first, stored=sum(one.stored for one in outcomes))


def _work(pipe: _Pipe, barrier: Barrier) -> None:
    watch_sqlite()
    asyncio.run(_Worker(barrier).serve(pipe))


class _Worker:
    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier
        self._open: dict[str, tuple[AsyncExitStack, Session]] = {}

    async def serve(self, pipe: _Pipe) -> None:
        while True:
            try:
                order = pipe.recv()
            except EOFError:
                return
            try:
                pipe.send(await self._carry_out(order))
            except Exception:  # noqa: BLE001 - it is raised where the order came from
                self._barrier.abort()
                pipe.send(_Failed(traceback.format_exc()))

    async def _carry_out(self, order: object) -> _Answer:
        match order:
            case _Open(system, url, work, aggregates):
                stack = AsyncExitStack()
                session = await stack.enter_async_context(open_session(system, url, work, aggregates))
                self._open[system.name] = stack, session
                return None
            case _Drive(system, seconds):
                self._barrier.wait()
                return await self._open[system][1].round(seconds)
            case _Tell(system):
                return await self._open[system][1].outcome()
            case _Close(system):
                await self._open.pop(system)[0].aclose()
                return None
            case other:
                raise TypeError(f"no order: {other!r}")

"""One loop for many threads: driven by who calls, by the stand-in else, never by two at once, and never lost."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from leftfold import LeftfoldError
from leftfold.app.background import Background

if TYPE_CHECKING:
    from _typeshed import TraceFunction

R = TypeVar("R")
_LONG_S = 20.0
_UNFELT_S = 0.2


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.stop()


class Inside:
    """Notices two threads on the loop at once."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self._here: int | None = None
        self.clashes = 0

    async def visit(self, result: int, awaits: int) -> int:
        for _ in range(awaits):
            self._compute()
            await asyncio.sleep(0)
        self._compute()
        if result % 7 == 0:
            raise ValueError(result)
        return result

    def _compute(self) -> None:
        me = threading.get_ident()
        self.clashes += self._here is not None
        self._here = me
        self.threads.add(me)
        sum(range(200))
        self.clashes += self._here != me
        self._here = None


def in_own_loop(background: Background, work: Coroutine[Any, Any, R]) -> R:
    async def call() -> R:
        return background.run(work)

    return asyncio.run(call())


def in_thread(call: Callable[[], R]) -> R:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(call).result(_LONG_S)


async def thread_here() -> int:
    return threading.get_ident()


def test_a_call_runs_in_the_thread_that_makes_it_when_no_other_does(background: Background) -> None:
    assert [background.run(thread_here()) for _ in range(3)] == [threading.get_ident()] * 3


def test_a_thread_with_a_loop_of_its_own_may_call(background: Background) -> None:
    assert in_own_loop(background, thread_here()) != threading.get_ident()
    assert background.run(thread_here()) == threading.get_ident()


@pytest.mark.parametrize("seed", range(3))
def test_threads_of_both_kinds_race_and_each_gets_its_own_answer(background: Background, seed: int) -> None:
    inside = Inside()

    def caller(number: int) -> None:
        run = partial(in_own_loop, background) if number % 3 == 0 else background.run
        for turn in range(60):
            result = number * 1000 + turn
            work = inside.visit(result, (result + seed) % 4)
            if result % 7:
                assert run(work) == result
            else:
                with pytest.raises(ValueError, match=str(result)):
                    run(work)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(caller, number) for number in range(8)]:
            done.result(_LONG_S * 3)
    assert inside.clashes == 0
    assert len(inside.threads) > 1


def test_tasks_and_timers_go_on_while_nobody_calls(background: Background) -> None:
    over = threading.Event()
    kept: list[asyncio.Task[None]] = []

    async def later() -> None:
        for _ in range(3):
            await asyncio.sleep(0.001)
        over.set()

    async def begin() -> None:
        kept.append(asyncio.get_running_loop().create_task(later()))

    background.run(begin())
    assert over.wait(_LONG_S)


def test_tasks_go_on_after_a_call_so_long_that_the_stand_in_slept(background: Background) -> None:
    test_tasks_and_timers_go_on_while_nobody_calls(background)
    background.run(asyncio.sleep(0.1))
    test_tasks_and_timers_go_on_while_nobody_calls(background)


def test_who_is_done_hands_the_loop_to_one_who_waits(background: Background) -> None:
    loops: list[asyncio.Event] = []
    begun = [threading.Event() for _ in range(3)]

    async def wait(number: int) -> int:
        event = asyncio.Event()
        loops.append(event)
        begun[number].set()
        await event.wait()
        return threading.get_ident()

    async def let_go(event: asyncio.Event) -> None:
        event.set()

    def call(number: int) -> tuple[int, int]:
        return background.run(wait(number)), threading.get_ident()

    with ThreadPoolExecutor(3) as threads:
        calls: list[Future[tuple[int, int]]] = []
        for number in range(3):
            calls.append(threads.submit(call, number))
            assert begun[number].wait(_LONG_S)
        for event, waits in zip(loops, calls, strict=True):
            in_thread(partial(background.run, let_go(event)))
            driver, caller = waits.result(_LONG_S)
            assert driver == caller


def test_what_a_caller_has_set_for_its_context_is_seen(background: Background) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")

    async def read() -> str:
        return tenant.get()

    tenant.set("A")
    assert background.run(read()) == "A"
    assert in_own_loop(background, read()) == "A"


def test_a_call_from_what_runs_on_the_loop_is_refused(background: Background) -> None:
    async def nested() -> None:
        with pytest.raises(LeftfoldError, match="await"):
            background.run(thread_here())
        await asyncio.sleep(0)

    background.run(nested())
    in_own_loop(background, nested())
    in_thread(lambda: background.run(nested()))


def test_another_thread_may_call_while_what_runs_on_the_loop_awaits_it(background: Background) -> None:
    async def through_a_thread() -> int:
        return await asyncio.to_thread(background.run, thread_here())

    assert background.run(through_a_thread()) == threading.get_ident()


@pytest.mark.parametrize("exits", [SystemExit(3), KeyboardInterrupt()])
def test_an_exit_raised_on_the_loop_reaches_its_caller_alone(background: Background, exits: BaseException) -> None:
    begun = threading.Event()

    async def leave() -> None:
        raise exits

    async def other(event: asyncio.Event) -> str:
        begun.set()
        await event.wait()
        return "unharmed"

    async def let_go(event: asyncio.Event) -> None:
        event.set()

    event = asyncio.Event()
    with ThreadPoolExecutor(1) as threads:
        waits = threads.submit(background.run, other(event))
        assert begun.wait(_LONG_S)
        with pytest.raises(type(exits)):
            background.run(leave())
        with pytest.raises(type(exits)):
            in_own_loop(background, leave())
        background.run(let_go(event))
        assert waits.result(_LONG_S) == "unharmed"


class Interrupted:
    """Work that presses Ctrl-C; again when that was just before the main thread went to wait, and was not felt."""

    def __init__(self) -> None:
        self.cancelled = False

    async def work(self) -> None:
        try:
            while True:
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(_UNFELT_S)
        except asyncio.CancelledError:
            self.cancelled = True
            raise


def test_ctrl_c_cancels_the_work_of_who_drives(background: Background) -> None:
    interrupted = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        background.run(interrupted.work())
    assert interrupted.cancelled
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert background.run(thread_here()) == threading.get_ident()
    assert background.generation == 0


def test_ctrl_c_cancels_the_work_of_who_waits_for_another_that_drives(background: Background) -> None:
    interrupted, begun, event = Interrupted(), threading.Event(), asyncio.Event()

    async def other() -> str:
        begun.set()
        await event.wait()
        return "unharmed"

    async def let_go() -> None:
        event.set()

    with ThreadPoolExecutor(1) as threads:
        waits = threads.submit(background.run, other())
        assert begun.wait(_LONG_S)
        with pytest.raises(KeyboardInterrupt):
            background.run(interrupted.work())
        assert interrupted.cancelled
        background.run(let_go())
        assert waits.result(_LONG_S) == "unharmed"


def test_a_second_ctrl_c_tears_out_of_work_that_never_awaits_and_nobody_waits_for_ever(background: Background) -> None:
    begun = threading.Event()

    async def never_ends() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            sum(range(100))

    async def other() -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as threads:
        waits = threads.submit(in_own_loop, background, other())
        assert begun.wait(_LONG_S)
        with pytest.raises(KeyboardInterrupt):
            background.run(never_ends())
        with pytest.raises(LeftfoldError, match="torn"):
            waits.result(_LONG_S)
    assert background.generation == 1
    assert background.run(thread_here()) == threading.get_ident()


class TooLate(Exception):
    """Raised by a signal handler, as a worker's time limit is."""


def test_a_second_ctrl_c_in_the_moment_when_a_call_ends_leaves_no_lock_taken() -> None:
    background = Background()  # one that hangs cannot be stopped

    def trace(frame: FrameType, event: str, _given: object) -> TraceFunction | None:
        if frame.f_code is not threading.Condition.__enter__.__code__:
            return None
        if event == "return":
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    def hangs(_number: int, _frame: FrameType | None) -> None:
        raise TooLate

    async def interrupted() -> None:
        signal.signal(signal.SIGALRM, hangs)
        signal.setitimer(signal.ITIMER_REAL, 2.0, 0.2)
        signal.raise_signal(signal.SIGINT)
        sys.settrace(trace)
        await asyncio.Event().wait()

    before, traced = signal.getsignal(signal.SIGALRM), sys.gettrace()
    try:
        with pytest.raises(KeyboardInterrupt):
            background.run(interrupted())
    finally:
        sys.settrace(traced)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert background.run(thread_here()) == threading.get_ident()
    assert background.generation == 0
    background.stop()


@pytest.fixture
def expired() -> Iterator[threading.Event]:
    expired = threading.Event()

    def expire(_number: int, _frame: FrameType | None) -> None:
        expired.set()
        raise TooLate

    before = signal.signal(signal.SIGUSR1, expire)
    yield expired
    signal.signal(signal.SIGUSR1, before)


def test_what_a_programs_own_signal_handler_raises_strikes_the_caller_and_not_the_loop(
    background: Background, expired: threading.Event
) -> None:
    struck: list[type[BaseException]] = []

    async def work() -> None:
        try:
            while not expired.is_set():
                os.kill(os.getpid(), signal.SIGUSR1)
                await asyncio.sleep(_UNFELT_S)
            await asyncio.Event().wait()
        except BaseException as error:
            struck.append(type(error))
            raise

    with pytest.raises(TooLate):
        background.run(work())
    assert background.run(thread_here()) != threading.get_ident()
    assert struck == [asyncio.CancelledError]


def test_a_forked_child_starts_anew_and_leaves_its_parents_loop_alone(background: Background) -> None:
    begun, event = threading.Event(), asyncio.Event()

    async def wait() -> str:
        begun.set()
        await event.wait()
        return "unharmed"

    async def let_go() -> None:
        event.set()

    with ThreadPoolExecutor(1) as threads:
        flying = threads.submit(background.run, wait())
        assert begun.wait(_LONG_S)
        assert _forked(background) == 0
        in_own_loop(background, let_go())
        assert flying.result(_LONG_S) == "unharmed"
    background.run(asyncio.sleep(0))
    assert _forked(background) == 0
    assert in_own_loop(background, thread_here()) != threading.get_ident()


def _forked(background: Background) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            gc.collect()
            assert background.generation == 1
            assert background.run(thread_here()) == threading.get_ident()
            background.stop()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_stopping_cancels_what_still_runs_and_the_next_call_starts_another_loop(background: Background) -> None:
    begun = threading.Barrier(4)

    async def wait() -> None:
        await asyncio.to_thread(begun.wait, _LONG_S)
        await asyncio.Event().wait()

    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(background.run, wait()) for _ in range(2)]
        calls.append(threads.submit(in_own_loop, background, wait()))
        begun.wait(_LONG_S)
        background.stop()
        for call in calls:
            with pytest.raises(LeftfoldError, match="closed"):
                call.result(_LONG_S)
    assert background.run(thread_here()) == threading.get_ident()


def test_calls_that_race_with_stopping_return_or_say_that_it_was_closed(background: Background) -> None:
    def caller() -> int:
        closed = 0
        for number in range(100):
            try:
                assert background.run(Inside().visit(1 + number * 7, 2)) == 1 + number * 7
            except LeftfoldError:
                closed += 1
        return closed

    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(caller) for _ in range(3)]
        for _ in range(30):
            background.stop()
        for call in calls:
            assert call.result(_LONG_S) < 100

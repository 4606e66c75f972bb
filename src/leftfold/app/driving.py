"""One event loop that is driven by whoever waits for it, one thread at a time.

::

    call -> nobody drives -> drives the loop until its own work is done -> hands it to another that waits
         |                                                                 | nobody waits: the stand-in, soon
         | another caller drives -> waits for its work, or to be handed the loop
         | the stand-in drives -> has it step aside, and is handed the loop
         | may not drive -> waits; the stand-in drives when no other caller does

A call that finds the loop free changes threads nowhere. The stand-in is a thread that drives while no caller does, so
that tasks, timers and connections go on.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from leftfold.app.calls import Call
from leftfold.app.interrupts import Interrupts, can_drive
from leftfold.errors import LeftfoldError, StoreClosed

__all__ = ["SharedLoop"]

R = TypeVar("R")

_LINGER_S: Final = 0.005


class SharedLoop:
    """An event loop for threads that do not await; see `Background`."""

    def __init__(self) -> None:
        self.broken: bool = False
        """Whether it was torn out of its work, so that nothing can be expected of it any more."""
        self._loop = _Loop() if hasattr(os, "fork") else asyncio.new_event_loop()
        self._news = threading.Condition(threading.Lock())  # guards all that follows
        self._driver: int | None = None
        self._driving: Call[Any] | None = None
        self._waiting: dict[Call[Any], None] = {}
        self._turns = 0
        self._dozing = self._closed = False
        self._stand_in = threading.Thread(target=self._stand, name="leftfold", daemon=True)
        self._stand_in.start()

    @property
    def is_driven_here(self) -> bool:
        """Whether the calling thread is the one that drives the loop, which is so inside everything that runs on it."""
        return self._driver == threading.get_ident()

    def check_outside(self) -> None:
        """Raises `LeftfoldError` inside what runs on the loop, where waiting for it would never end."""
        if self.is_driven_here:
            raise LeftfoldError("a synchronous call inside a handler would wait for itself; await the App there")

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run *work* on the loop and return what it returns; see `Background.run`."""
        try:
            self.check_outside()
        except LeftfoldError:
            work.close()
            raise
        call = Call(work, self._loop, self._finished, may_drive=can_drive())
        if not call.may_drive:
            return self._carry_out(call)
        with Interrupts(call.cancel, call.tear):
            return self._carry_out(call)

    def close(self) -> None:
        """Cancel what still runs, then end the loop and its thread."""
        try:
            self.run(self._end())
        finally:
            with self._news:
                self._closed = True
                self._news.notify_all()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._stand_in.join()
            with self._news:
                self._news.wait_for(lambda: self._driver is None and not self._waiting)
            self._loop.close()

    def _carry_out(self, call: Call[R]) -> R:
        try:
            if not self._begin(call):
                call.wait()
            if call.drives:
                self._drive(call)
        except BaseException:
            self._leave(call)
            raise
        try:
            return call.result()
        except asyncio.CancelledError:
            if self._closed:
                raise LeftfoldError("the App was closed while this call was under way, which was cancelled") from None
            raise

    def _begin(self, call: Call[Any]) -> bool:
        """Begin *call*; whether its thread is to drive the loop."""
        with self._news:
            if self._closed:
                call.refuse()
                raise StoreClosed("the App was being closed when this call began; nothing was done. Call again")
            if self._driver is None and call.may_drive:
                self._appoint(call)
            else:
                self._waiting[call] = None
                if self._driver is None:
                    self._news.notify()
                elif self._driver == self._stand_in.ident and call.may_drive:
                    self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop.call_soon_threadsafe(call.start)
                return False
        call.start()
        return True

    def _drive(self, call: Call[Any]) -> None:
        self._driving = call
        while not call.done:
            call.exposed = True
            try:
                self._loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                if call.torn:  # otherwise it is of a task, which has kept it for whoever awaits that
                    call.done = True
                    self._give_up()
                    raise
            except BaseException:
                call.done = True
                self._give_up()
                raise
            finally:
                call.exposed = False
        self._driving = None
        self._hand_over()

    def _stand(self) -> None:
        while self._take_turn():
            try:
                self._loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                pass  # as above
            except BaseException:
                self._give_up()
                raise
            self._hand_over()

    def _take_turn(self) -> bool:
        """Wait until no caller drives or comes for a while, or one waits that may not; False when it is over."""
        seen = -1
        with self._news:
            while self._driver is not None or not (self._waiting or self._turns == seen):
                if self._closed and not self._waiting:
                    return False
                self._dozing = self._driver is not None and self._turns == seen
                seen = -1 if self._dozing else self._turns
                self._news.wait(None if self._dozing else _LINGER_S)
            if self._closed and not self._waiting:
                return False
            self._driver = threading.get_ident()
        return True

    def _appoint(self, call: Call[Any]) -> None:
        self._waiting.pop(call, None)
        self._driver = call.thread
        self._turns += 1
        call.drives = True

    def _hand_over(self) -> None:
        with self._news:
            heir = next((call for call in self._waiting if call.may_drive), None)
            if heir is not None:
                self._appoint(heir)
                heir.wake()
                return
            self._driver = None
            if self._waiting or self._dozing or self._closed:
                self._news.notify_all()

    def _finished(self, call: Call[Any]) -> None:
        driving = self._driving
        if driving is not None:
            driving.exposed = False  # torn out here, it would leave the lock taken
        with self._news:
            self._waiting.pop(call, None)
            last = self._closed and not self._waiting
        if driving is not None:
            driving.exposed = not driving.done
        if call.drives or last:
            self._loop.stop()
        if not call.drives:
            call.wake()

    def _leave(self, call: Call[Any]) -> None:
        """Let go of a call that nobody waits for any more."""
        call.cancel()
        with self._news:
            self._waiting.pop(call, None)
            drives = call.drives and self._driver == call.thread
        if drives:
            self._hand_over()

    def _give_up(self) -> None:
        with self._news:
            self.broken = self._closed = True
            waiting, self._waiting = self._waiting, {}
            self._driver = None
            self._news.notify_all()
        for call in waiting:
            call.fail(
                LeftfoldError(
                    "the event loop was torn out of its work by another thread, so it is not known whether this call "
                    "took effect; look, or repeat it with the same ids"
                )
            )
        self._loop.close()

    async def _end(self) -> None:
        with self._news:
            self._closed = True
        await asyncio.sleep(0)  # what was accepted before begins
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()


class _Loop(asyncio.SelectorEventLoop):
    """A loop that a forked child can drop: closing it there would take its wake-up from the parent's."""

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()

    def __del__(self) -> None:
        if os.getpid() == self._process:
            super().__del__()

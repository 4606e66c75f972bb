"""Noticing commits: who commits says what has grown, notifications tell other processes, polling is the truth.

::

    commit here  -> grown -> whoever waits for less goes on at once, without a look
                       | at most every 20 ms: NOTIFY
    commit there -> NOTIFY -> those who wait look
    neither heard ----------> one look for all who wait, every 0.5 s, behind a pooler every 0.05 s
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from leftfold.adapters.postgres.channel import Channel
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.listening import Listener
from leftfold.ids import new_id
from leftfold.store.checks import check_timeout

__all__ = ["Waker"]

_POLL_S = 0.5
_POOLED_POLL_S = 0.05
_LOG: Final = ""


class Waker:
    """Wakes those who wait until a number has grown, in this process at once and in others by NOTIFY, after commits.

    Args:
        about: what may have grown, a part of the channel's name; empty for the log.
    """

    def __init__(self, listener: Listener, readers: Readers, about: str = "") -> None:
        self._listener = listener
        self._me = new_id().hex
        self._channel = Channel(listener, readers, about, self._words, self._heard)
        self._waiting = {_LOG: _Waiting()}

    def grown(self, number: int | None = None, of: str = _LOG) -> None:
        """Say that this process has committed.

        Args:
            number: what the number has grown to; None for one who does not know, then all who wait look.
            of: which number, where there are several.
        """
        if number is None:
            self._all_look()
        elif (waiting := self._waiting.get(of)) is not None:
            waiting.tell(number)
        self._channel.tell()

    async def wake(self, look: Callable[[], Awaitable[int]], after: int, timeout_s: float, of: str = _LOG) -> int:
        """Wait until the number is above *after* or *timeout_s* seconds have passed; returns the number.

        Who waits for shorter than it is until the next look that all share, looks at once, and when the time is over.

        Args:
            look: sees the number; one look serves all who asked for it before it began.
            of: see `grown`.
        """
        check_timeout(timeout_s)
        end = asyncio.get_running_loop().time() + timeout_s
        poll_s = _POLL_S if self._listener.hears else _POOLED_POLL_S
        self._channel.listen()
        waiting = self._waiting.setdefault(of, _Waiting())
        waiting.count += 1
        try:
            while True:
                number = await _turn(waiting, _Look(look, poll_s if timeout_s >= poll_s else 0.0), after, end)
                if number is not None:
                    return number
        finally:
            waiting.count -= 1
            if not waiting.count and of != _LOG:
                self._waiting.pop(of, None)

    async def close(self) -> None:
        """Tell of the last commit, then stop telling; whoever waits is woken."""
        await self._channel.close()
        self._all_look()

    def _all_look(self) -> None:
        for waiting in self._waiting.values():
            waiting.tell(None)

    def _words(self) -> tuple[str, Callable[[], None]]:
        return self._me, lambda: None

    def _heard(self, teller: str | None) -> None:
        if teller != self._me:
            self._all_look()


class _Look(NamedTuple):
    """How the number is seen, and for how many seconds what was seen is good enough while nothing is heard."""

    see: Callable[[], Awaitable[int]]
    good_s: float


class _Waiting:
    """Those who wait for one number to grow."""

    def __init__(self) -> None:
        self.count = 0
        self._told: dict[asyncio.Future[int | None], int] = {}
        self._turn = asyncio.Lock()
        self._begun = self._done = 0
        self._number = 0
        self._seen_at = -math.inf
        self._news = False

    def join(self, after: int) -> asyncio.Future[int | None]:
        """A future of the number once it is told to be above *after*, of None when a look is due."""
        told: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._told[told] = after
        return told

    def leave(self, told: asyncio.Future[int | None]) -> None:
        """Tell it nothing more."""
        del self._told[told]

    def tell(self, number: int | None) -> None:
        """Tell those who wait for less, or, with None, all of them to look."""
        self._news = self._news or number is None or number != self._number
        for told, after in self._told.items():
            if not told.done() and (number is None or number > after):
                told.set_result(number)

    async def look(self, look: _Look, after: int) -> int:
        """What a look sees that begins now or later, there is one at a time; or what was seen, if that is good enough.

        What was seen says that a number is not above *after*; that it is, is seen anew, for it may be put back.
        """
        wanted = self._begun + 1
        async with self._turn:
            enough = self.good_for(look) > 0 and self._number <= after
            if self._done < wanted and not enough:
                self._begun = begun = self._begun + 1
                self._news, began = False, asyncio.get_running_loop().time()
                try:
                    self._number = await look.see()
                except BaseException:
                    self._news = True
                    raise
                self._done, self._seen_at = begun, began
                self._tell_seen()
            return self._number

    def good_for(self, look: _Look) -> float:
        """Seconds until what was seen is not good enough any more; 0 when something was heard since."""
        return 0.0 if self._news else max(self._seen_at + look.good_s - asyncio.get_running_loop().time(), 0.0)

    def _tell_seen(self) -> None:
        for told, after in self._told.items():
            if not told.done() and self._number > after:
                told.set_result(self._number)


async def _turn(waiting: _Waiting, look: _Look, after: int, end: float) -> int | None:
    """Look, then wait; the number if there is an answer, None when it is time to look again."""
    loop = asyncio.get_running_loop()
    told = waiting.join(after)  # before looking: nothing is missed in between
    try:
        number = await waiting.look(look, after)
        left = end - loop.time()
        if number > after or left <= 0:
            return number
        alarm = loop.call_later(min(left, waiting.good_for(look) if look.good_s else left), _look_again, told)
        try:
            return await told
        finally:
            alarm.cancel()
    finally:
        waiting.leave(told)


def _look_again(told: asyncio.Future[int | None]) -> None:
    if not told.done():
        told.set_result(None)

"""Taking turns at a stream that several decisions of one process want at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Self
from weakref import WeakValueDictionary

from leftfold.errors import Conflict, InvalidAppend
from leftfold.store.events import ToStream

__all__ = ["PATIENCE_S", "Turn", "Turns"]

PATIENCE_S: Final = 5.0
"""How long a decision waits for its turn. Versions decide who wins; the turn only spares those who would lose."""


class Turns:
    """A line at every stream over which decisions of this process have met; where none has, nobody waits.

    Who met a conflict stands in line, and so does who comes to a stream that has one. The one whose turn it is meets no
    other decision of this process, so that a conflict is left only to those of other processes.
    """

    def __init__(self) -> None:
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def deciding(self) -> Turn:
        """The turn of one decision, with all its tries; to be entered around it."""
        return Turn(self._lines)

    async def come(self, stream: str) -> None:
        """Wait behind those who stand in line at *stream*, if the decision that runs now has no turn elsewhere."""
        if stream in self._lines and (turn := _CURRENT.get()) is not None:
            await turn.come(stream)

    def writes(self, streams: Iterable[str]) -> None:
        """Note that the decision that runs now writes *streams*, all of which may meet others."""
        if (turn := _CURRENT.get()) is not None:
            turn.written.update(streams)

    def stored(self, parts: Iterable[ToStream]) -> None:
        """Note for the decisions around the one that runs now where it has left the streams of *parts*."""
        turn = _CURRENT.get()
        while turn is not None and (turn := turn.outer) is not None:
            for part in parts:
                if isinstance(part.expected, int):
                    turn.left[part.stream] = part.expected + len(part.events)

    def check_conflict(self, conflict: Conflict) -> None:
        """Look whom the decision that runs now has met; where it meets a decision inside itself, it does so each time.

        Raises:
            InvalidAppend: it has met one of its own for the second time.
        """
        turn, expected = _CURRENT.get(), conflict.expected
        if turn is None or not isinstance(expected, int) or turn.left.get(conflict.stream, 0) <= expected:
            return
        if turn.met_itself:
            raise InvalidAppend(
                f"what was decided for {conflict.stream!r} is not stored: a commit of its own inside the decision, as "
                "of a command that it sends, wrote to that stream meanwhile, at both tries, and is stored. Send it "
                "before the aggregate is loaded, or call the aggregate's method instead"
            )
        turn.met_itself = True


class Turn:
    """The turn of one decision at the streams that it writes, once it has met others at one.

    Turns at several streams are waited for in the order of their names, with none in hand, so that no two decisions
    wait for each other. A decision inside another one, as a command that a handler sends, takes no turn: it could wait
    for the outer one.
    """

    __slots__ = ("_before", "_held", "_inner", "_lines", "_over", "left", "met_itself", "outer", "written")

    def __init__(self, lines: WeakValueDictionary[str, asyncio.Lock]) -> None:
        self._lines = lines
        self._held: dict[str, asyncio.Lock] = {}
        self._over = False
        self.written: set[str] = set()
        self.outer: Turn | None = None
        self.left: dict[str, int] = {}
        self.met_itself: bool = False

    def __enter__(self) -> Self:
        outer = _CURRENT.get()
        self._inner = outer is not None and not outer._over  # a task outlives the decision that began it
        self.outer = outer if self._inner and outer is not None and outer._lines is self._lines else None
        self._before = _CURRENT.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over = True
        self._leave()
        _CURRENT.reset(self._before)
        del self._before  # a task that outlives this has it in its context, and may begin another, and so on for ever
        self.outer = None

    async def come(self, stream: str) -> None:
        """Wait behind those who stand in line at *stream*; not with a turn in hand."""
        if not self._held and not self._inner:
            await self._wait(stream)

    async def met(self, stream: str) -> bool:
        """Stand in line at *stream*, where this met a conflict, and at all that it writes.

        Returns:
            Whether its turn has come with this. Not if it had it already: then it met those of another process.
        """
        self.written.add(stream)
        if self._inner or self.written <= self._held.keys():
            return False
        self._leave()
        return await self._wait(*sorted(self.written))

    async def _wait(self, *streams: str) -> bool:
        taken: dict[str, asyncio.Lock] = {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                for stream in streams:
                    line = self._lines.get(stream)
                    if line is None:
                        line = self._lines[stream] = asyncio.Lock()
                    await line.acquire()
                    taken[stream] = line
        except TimeoutError:
            return False
        else:
            if self._held or self._over:  # two of its tasks came to two streams at once
                return False
            self._held, taken = taken, {}
            return True
        finally:
            _release(taken)

    def _leave(self) -> None:
        _release(self._held)
        self._held = {}


def _release(held: dict[str, asyncio.Lock]) -> None:
    for line in held.values():
        line.release()


_CURRENT: Final[ContextVar[Turn | None]] = ContextVar("leftfold_turn", default=None)

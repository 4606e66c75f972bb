"""A process that forks while files are open: its child lets go of them before it opens any.

SQLite notes in the memory of a process which locks it holds. A child that opened a file beside the connection that it
was born with would take its parent's locks for its own and have none, and what it commits would be gone once its parent
closes; one that was born in the midst of a transaction would wait for its end for ever.

::

    fork -> no file is being opened, and loops of other threads stand still between two callbacks
              -> parent: they go on
              -> child: connections that were at rest are closed
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Protocol
from weakref import WeakValueDictionary

__all__ = ["BeingForked", "let_go_in_children", "opening"]

_PATIENCE_S: Final = 1.0
"""For a callback that runs; what it holds up is forked all the same."""

_NOBODY_S: Final = 0.05
"""For a loop that does not run: somebody may be about to run it."""


class _File(Protocol):
    @property
    def is_open(self) -> bool:
        """Whether there is anything to let go of."""
        ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The one that it is used on, one callback at a time, with no transaction open between two."""
        ...

    def abandon(self) -> None:
        """Close it, in a child."""
        ...


class _Pause:
    """A loop of another thread that stands still from `begin` to `end`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reached, self._over = threading.Lock(), threading.Lock()  # plain ones: a child may release them too
        self._reached.acquire()
        self._over.acquire()

    def begin(self) -> bool:
        """Wait until it stands still; False when it is in a callback that does not end."""
        try:
            self._loop.call_soon_threadsafe(self._hold)
        except RuntimeError:  # it is closed
            return True
        patience_s = _PATIENCE_S if self._loop.is_running() else _NOBODY_S
        return self._reached.acquire(timeout=patience_s) or not self._loop.is_running()

    def end(self) -> None:
        """Let it go on."""
        self._over.release()

    def _hold(self) -> None:
        self._reached.release()
        with self._over:
            pass


class BeingForked(Exception):
    """The process is being forked, or another thread opens a file; it takes no time to speak of."""


_opening: Final = threading.Lock()
_files: Final[WeakValueDictionary[int, _File]] = WeakValueDictionary()
_pauses: Final[dict[asyncio.AbstractEventLoop, _Pause]] = {}
_busy: Final[set[asyncio.AbstractEventLoop]] = set()
_held: Final[list[bool]] = []


def let_go_in_children(file: _File) -> None:
    """Have each child that is forked from now on close *file* before it does anything else."""
    _files[id(file)] = file


@contextmanager
def opening() -> Generator[None]:
    """While a file is being opened, and until `let_go_in_children` knows it, nobody forks.

    Raises:
        BeingForked: somebody does; the loop has to stand still meanwhile, so do not wait for it in a callback.
    """
    if not _opening.acquire(blocking=False):
        raise BeingForked
    try:
        yield
    finally:
        _opening.release()


def _known() -> list[_File]:
    return [file for known in _files.valuerefs() if (file := known()) is not None and file.is_open]


def _before() -> None:
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    _held.append(_opening.acquire(timeout=_PATIENCE_S))
    for loop in {file.loop for file in _known()} - {here}:
        pause = _pauses[loop] = _Pause(loop)
        if not pause.begin():
            _busy.add(loop)


def _go_on() -> None:
    for pause in _pauses.values():
        pause.end()
    _pauses.clear()
    _busy.clear()
    if _held.pop():
        _opening.release()


def _in_child() -> None:
    for file in _known():
        if file.loop not in _busy:
            file.abandon()
    _files.clear()
    _held[:] = [_opening.locked()]  # whoever had it is not here
    _go_on()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_go_on, after_in_child=_in_child)

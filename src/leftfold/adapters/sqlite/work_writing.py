"""How work items are written, each by one statement, so that a refusal leaves nothing behind."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from leftfold.adapters.sqlite.checkpoints import storable
from leftfold.adapters.sqlite.rows import micros_of, time_of
from leftfold.errors import Fenced, KeyTaken
from leftfold.store.work import Begin, End, Hold, Keep, Revise, Wake, WorkWrite
from leftfold.store.work_checks import woken

__all__ = ["KEPT", "rouses", "write_work"]

_BEGIN = """insert into work (id, queue, status, state, token, owner, wake_at, created_at, changed_at)
values (?, ?, ?, ?, 1, ?, ?, ?, ?) on conflict (id) do nothing"""
# What is not set needs no index written: the one of what is held, due or listed.
_REVISE = "update work set {}state = ?, changed_at = ?, token = token + 1 where id = ? and token = ?"
_LISTED, _DUE = "queue = coalesce(?, queue), status = ?, ", "owner = ?, wake_at = ?, "
KEPT: Final = _REVISE.format("") + " and status = ?"
"""How most steps of a saga are written."""
_KEPT_ANEW = _REVISE.format(_LISTED)
_WOKEN = _REVISE.format(_DUE) + " and status = ?"
_WOKEN_ANEW = _REVISE.format(_LISTED + _DUE)
_MICROSECOND: Final = timedelta(microseconds=1)
_END = "delete from work where id = ? and token = ?"


def write_work(cursor: sqlite3.Cursor, write: WorkWrite, now: int) -> None:
    """Do one write of work.

    Args:
        now: microseconds since 1970.

    Raises:
        KeyTaken, Fenced: see `Begin`, `Revise` and `End`. Nothing was written.
    """
    if isinstance(write, Begin):
        _begin(cursor, write, now)
        return
    if isinstance(write, Revise):
        count = _revise(cursor, write, now)
    else:
        count = cursor.execute(_END, (write.id, storable(write.token))).rowcount
    if count == 0:
        raise Fenced(write.id, write.token, "work item")


def rouses(write: WorkWrite) -> bool:
    """Whether it leaves work that will be due without anybody's lease ending."""
    return not isinstance(write, End) and isinstance(write.wake, datetime)


def _begin(cursor: sqlite3.Cursor, write: Begin, now: int) -> None:
    owner, wake_at = _woken(write.wake, now)
    values = (write.id, write.queue, write.status, write.state.decode(), owner, wake_at, now, now)
    if cursor.execute(_BEGIN, values).rowcount == 0 and not write.unless_there:
        raise KeyTaken("work", write.id)


def _revise(cursor: sqlite3.Cursor, write: Revise, now: int) -> int:
    due: tuple[object, ...] = ()
    as_listed, anew = KEPT, _KEPT_ANEW
    if not isinstance(write.wake, Keep):
        due = _woken(write.wake, now)
        as_listed, anew = _WOKEN, _WOKEN_ANEW
    values = (*due, write.state.decode(), now, write.id, storable(write.token))
    same = write.queue is None and write.was in (None, write.status)
    if same and cursor.execute(as_listed, (*values, write.status)).rowcount:
        return 1
    return cursor.execute(anew, (write.queue, write.status, *values)).rowcount


def _woken(wake: Wake, now: int) -> tuple[str | None, int | None]:
    if isinstance(wake, Hold):
        return wake.owner, now + timedelta(seconds=wake.lease_s) // _MICROSECOND
    owner, wake_at = woken(wake, time_of(now))
    return owner, None if wake_at is None else micros_of(wake_at)

"""Checkpoints in the file of the log, with leases by the store's clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.adapters.sqlite.rows import LARGEST, time_of
from leftfold.store.checkpoints import (
    Checkpoint,
    Claim,
    check_claim,
    check_lease,
    check_prefix,
    check_release,
    check_token,
)
from leftfold.store.checks import check_position
from leftfold.store.names import flaw_of, name_range

__all__ = ["LATEST", "SqliteCheckpoints", "storable", "with_the_clock"]

_HELD = "select 1 from checkpoints where name = ? and owner <> ? and until > ?"
_NEXT = "update tokens set last = last + 1 returning last"
_CLAIM = """insert into checkpoints (name, position, token, owner, until, moved_at) values (?, 0, ?, ?, ?, ?)
on conflict (name) do update set token = excluded.token, owner = excluded.owner, until = excluded.until, note = null
returning position, event_id"""
_RENEW = "update checkpoints set until = ? where name = ? and token = ? and owner is not null"
_RELEASE = "update checkpoints set owner = null, until = null, note = ? where name = ? and token = ?"
_FORGET = "delete from checkpoints where name = ?"
_LISTED = """select name, position, event_id, token, owner, until, moved_at, note from checkpoints
where name >= ? and name < ? order by name"""
_POSITION = "select position from checkpoints where name = ?"
LATEST: Final = "select value from meta where name = 'latest'"
"""When a lease was last given, by the clock of then."""
_LATER = "insert into meta values ('latest', ?) on conflict (name) do update set value = excluded.value"
_SHIFTED = (
    "update checkpoints set until = until - ? where owner is not null",
    "update work set wake_at = wake_at - ? where owner is not null",
)
_MICROSECOND = timedelta(microseconds=1)


class SqliteCheckpoints(OpenFile):
    """See `Checkpoints`. A claim waits for no flush: power loss ends every process that could have held it."""

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        """See `Checkpoints.claim`."""
        self._check_open()
        lease = check_claim(name, owner, lease_s)
        return await self._write(partial(self._claimed, name, owner, lease))

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        """See `Checkpoints.renew`."""
        self._check_open()
        check_token(token)
        lease = check_lease(lease_s) // _MICROSECOND
        if flaw_of(name):
            return False
        return await self._write(
            lambda cursor: (
                cursor.execute(_RENEW, (with_the_clock(cursor, self._now()) + lease, name, storable(token))).rowcount
                == 1
            )
        )

    async def release(self, name: str, token: int, note: str | None = None) -> None:
        """See `Checkpoints.release`."""
        self._check_open()
        check_release(token, note)
        if not flaw_of(name):
            await self._write(lambda cursor: cursor.execute(_RELEASE, (note, name, storable(token))))

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        """See `Checkpoints.checkpoints`."""
        check_prefix(prefix)
        if prefix and flaw_of(prefix):
            return []
        found = await self._read(lambda: self._connection.execute(_LISTED, name_range(prefix)).fetchall())
        now = self._now()
        return [_checkpoint_of(row, now) for row in found]

    async def forget(self, name: str) -> None:
        """See `Checkpoints.forget`."""
        self._check_open()
        if not flaw_of(name):
            await self._write(lambda cursor: cursor.execute(_FORGET, (name,)))

    async def reached(self, name: str, position: int, timeout: float) -> int:
        """See `Checkpoints.reached`."""
        check_position(position)
        return await self._until(lambda seen: seen >= position, partial(self._checkpoint_at, name), timeout)

    def _checkpoint_at(self, name: str) -> int:
        if flaw_of(name):
            return 0
        found: list[tuple[int]] = self._connection.execute(_POSITION, (name,)).fetchall()
        return found[0][0] if found else 0

    def _claimed(self, name: str, owner: str, lease: timedelta, cursor: sqlite3.Cursor) -> Claim | None:
        now = with_the_clock(cursor, self._now())
        if cursor.execute(_HELD, (name, owner, now)).fetchall():
            return None
        [(token,)] = cursor.execute(_NEXT).fetchall()
        [(position, event_id)] = cursor.execute(
            _CLAIM, (name, token, owner, now + lease // _MICROSECOND, now)
        ).fetchall()
        return Claim(name, token, position, None if event_id is None else UUID(event_id))


def with_the_clock(cursor: sqlite3.Cursor, now: int) -> int:
    """*now*; when the clock was set back since a lease was last given, what leases have left is what they had then.

    Otherwise a dead worker's lease would run on for as long as the clock was set back.
    """
    found: list[tuple[int]] = cursor.execute(LATEST).fetchall()
    back = found[0][0] - now if found else 0
    if back > 0:
        for statement in _SHIFTED:
            cursor.execute(statement, (back,))
    if back or not found:
        cursor.execute(_LATER, (now,))
    return now


def storable(token: int) -> int:
    """*token* itself, or a number that no claim has in place of one that SQLite cannot be asked for."""
    return max(0, min(token, LARGEST))


def _checkpoint_of(
    row: tuple[str, int, str | None, int, str | None, int | None, int, str | None], now: int
) -> Checkpoint:
    name, position, event_id, token, owner, until, moved_at, note = row
    return Checkpoint(
        name=name,
        position=position,
        event_id=None if event_id is None else UUID(event_id),
        token=token,
        owner=owner,
        held=until is not None and until > now,
        until=None if until is None else time_of(until),
        moved_at=time_of(moved_at),
        note=note,
    )

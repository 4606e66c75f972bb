"""What became of a write of work that may have been stored already, when it is refused as it is sent again.

It is known by the moments at which it was tried: nobody else writes an item at one of them, but who shared its commit
and was not refused either. An item keeps the moment it was begun at, and that of its last change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from leftfold.store.transaction import Insert, Transaction
from leftfold.store.work import Begin, End, Revise, WorkWrite

__all__ = ["is_stored"]

_LOOK: Final = "select token, status, cast(state as blob), created_at, changed_at from work where id = ?"


def is_stored(cursor: sqlite3.Cursor, transaction: Transaction, moments: Sequence[int]) -> bool | None:
    """Whether *transaction* was stored by a try before; None when that cannot be known any more.

    Args:
        moments: of the tries, microseconds since 1970, the first one first.
    """
    found = {
        _is_written(cursor, write, moments) for write in transaction.writes if isinstance(write, Begin | Revise | End)
    }
    if True in found:  # all of it is, if one is
        return True
    if False in found:
        return False
    return None if found or any(isinstance(write, Insert) for write in transaction.writes) else False


def _is_written(cursor: sqlite3.Cursor, write: WorkWrite, moments: Sequence[int]) -> bool | None:
    row: tuple[int, str, bytes, int, int] | None = cursor.execute(_LOOK, (write.id,)).fetchone()
    if row is None:
        return None  # it was ended since, by this write or by somebody who had claimed it
    token, status, state, created_at, changed_at = row
    if created_at in moments and isinstance(write, Begin):
        return True
    if created_at >= moments[0]:  # another one by the same id
        return None
    if isinstance(write, Begin):
        return None if write.unless_there else False
    if isinstance(write, Revise):
        if token > write.token + 1:
            return None
        return token > write.token and changed_at in moments and (status, state) == (write.status, write.state)
    return False

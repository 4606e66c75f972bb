"""Snapshots in the file of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.adapters.sqlite.rows import LARGEST
from leftfold.store.checks import check_range, check_snapshot
from leftfold.store.names import flaw_of
from leftfold.store.snapshots import Snapshot, SnapshotKey, bound_of

__all__ = ["SqliteSnapshots"]

_DROPPED_AT_ONCE: Final = 500

_COLUMNS = "stream, fingerprint, version, state, digest"
_NEWEST = f"""select {_COLUMNS} from snapshots where stream = ? and fingerprint = ? and version <= ?
order by version desc limit 1"""
_PAGE = f"""select {_COLUMNS} from snapshots where (stream, fingerprint, version) > (?, ?, ?)
order by stream, fingerprint, version limit ?"""
_SAVE = f"insert or replace into snapshots ({_COLUMNS}) values (?, ?, ?, ?, ?)"
_DROP = "delete from snapshots where stream = ? and fingerprint = ? and version = ?"


class SqliteSnapshots(OpenFile):
    """See `SnapshotStore`. Writing waits for no flush: power loss may take the last snapshots, whole."""

    async def load_snapshot(self, stream: str, fingerprint: str, *, upto: int | None = None) -> Snapshot | None:
        """See `SnapshotStore.load_snapshot`."""
        check_range(0, upto, 1)
        self._check_open()
        if flaw_of(stream) or flaw_of(fingerprint):
            return None
        values = (str(stream), fingerprint, LARGEST if upto is None else min(upto, LARGEST))
        found = await self._read(lambda: self._connection.execute(_NEWEST, values).fetchall())
        return _snapshot_of(*found[0]) if found else None

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """See `SnapshotStore.save_snapshot`."""
        self._check_open()
        check_snapshot(snapshot)
        key = snapshot.key
        row = (str(key.stream), key.fingerprint, key.version, snapshot.state.decode(), snapshot.digest)
        await self._write(lambda cursor: cursor.execute(_SAVE, row))

    async def read_snapshots(self, *, after: SnapshotKey | None = None, limit: int = 500) -> Sequence[Snapshot]:
        """See `SnapshotStore.read_snapshots`."""
        check_range(0, None, limit)
        values = (*bound_of(after), min(limit, LARGEST))
        found = await self._read(lambda: self._connection.execute(_PAGE, values).fetchall())
        return [_snapshot_of(*row) for row in found]

    async def drop_snapshots(self, keys: Sequence[SnapshotKey]) -> int:
        """See `SnapshotStore.drop_snapshots`."""
        self._check_open()
        rows = [
            (str(key.stream), key.fingerprint, key.version)
            for key in keys
            if not (flaw_of(key.stream) or flaw_of(key.fingerprint)) and 0 < key.version <= LARGEST
        ]
        dropped = 0
        for n in range(0, len(rows), _DROPPED_AT_ONCE):
            dropped += await self._write(partial(_dropped, rows[n : n + _DROPPED_AT_ONCE]))
        return dropped


def _dropped(rows: Sequence[tuple[str, str, int]], cursor: sqlite3.Cursor) -> int:
    return cursor.executemany(_DROP, rows).rowcount


def _snapshot_of(stream: str, fingerprint: str, version: int, state: str, digest: str) -> Snapshot:
    return Snapshot(SnapshotKey(stream, fingerprint, version), state.encode(), digest)

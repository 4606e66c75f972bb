"""Snapshots, in a table of their own beside the log; keeping one never waits for those who append."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.queries import big
from leftfold.store.names import flaw_of
from leftfold.store.snapshots import Snapshot, SnapshotKey, bound_of

__all__ = ["Snapshots"]

_COLUMNS = "stream, fingerprint, version, state::text, digest"


class Snapshots:
    """Keeps snapshots over the connections that read. Arguments are those of the port, checked already.

    Each call is one statement that may be repeated when a connection breaks.
    """

    def __init__(self, readers: Readers, schema: str) -> None:
        table = f'"{schema}".snapshots'
        self._readers = readers
        self._newest = (
            f"select {_COLUMNS} from {table} where stream = $1 and fingerprint = $2 and version <= $3::bigint "
            "order by version desc limit 1"
        )
        self._save = (
            f"insert into {table} values ($1, $2, $3, $4::text::json, $5) on conflict (stream, fingerprint, version) "
            "do update set state = excluded.state, digest = excluded.digest"
        )
        self._page = (
            f"select {_COLUMNS} from {table} where (stream, fingerprint, version) > ($1, $2, $3::bigint) "
            "order by stream, fingerprint, version limit $4"
        )
        # Rows are locked in the order of the keys, so that two who drop the same ones do not wait for each other.
        self._drop = f"""
            with k as materialized (
                select l.* from unnest($1::text[], $2::text[], $3::text::integer[]) u (stream, fingerprint, version)
                cross join lateral (
                    select s.stream, s.fingerprint, s.version from {table} s
                    where s.stream = u.stream and s.fingerprint = u.fingerprint and s.version = u.version
                    limit 1 for update) l),
            d as (
                delete from {table} s using k
                where s.stream = k.stream and s.fingerprint = k.fingerprint and s.version = k.version returning 1)
            select count(*) from d"""

    async def load(self, stream: str, fingerprint: str, upto: int | None) -> Snapshot | None:
        """See `SnapshotStore.load_snapshot`."""
        if flaw_of(stream) or flaw_of(fingerprint):
            return None
        rows = await self._readers.fetch(self._newest, str(stream), fingerprint, big(upto))
        return _snapshot_of(rows[0]) if rows else None

    async def save(self, snapshot: Snapshot) -> None:
        """See `SnapshotStore.save_snapshot`."""
        key = snapshot.key
        await self._readers.write(
            self._save, str(key.stream), key.fingerprint, key.version, snapshot.state.decode(), snapshot.digest
        )

    async def page(self, after: SnapshotKey | None, limit: int) -> Sequence[Snapshot]:
        """See `SnapshotStore.read_snapshots`."""
        rows = await self._readers.fetch(self._page, *bound_of(after), big(limit))
        return list(map(_snapshot_of, rows))

    async def drop(self, keys: Sequence[SnapshotKey]) -> int:
        """See `SnapshotStore.drop_snapshots`."""
        possible = sorted(key for key in set(keys) if _can_be_kept(key))
        if not possible:
            return 0
        rows = await self._readers.write(
            self._drop,
            [str(key.stream) for key in possible],
            [key.fingerprint for key in possible],
            plain_array([key.version for key in possible]),
        )
        count: int = rows[0][0]
        return count


def _can_be_kept(key: SnapshotKey) -> bool:
    return not flaw_of(key.stream) and not flaw_of(key.fingerprint) and 1 <= key.version < 2**31


def _snapshot_of(row: asyncpg.Record) -> Snapshot:
    stream, fingerprint, version, state, digest = row
    return Snapshot(SnapshotKey(stream, fingerprint, version), state.encode(), digest)

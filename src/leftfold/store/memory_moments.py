"""The reference store's moments and snapshots."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from leftfold.store.checks import check_moment, check_range, check_snapshot
from leftfold.store.memory_log import OpenedLog
from leftfold.store.names import category_of
from leftfold.store.snapshots import Snapshot, SnapshotKey
from leftfold.store.timeline import StreamHead

__all__ = ["MemorySnapshots", "MemoryTimeline"]


class MemoryTimeline(OpenedLog):
    """See `Timeline`."""

    async def position_at(self, recorded: datetime) -> int:
        """See `Timeline.position_at`."""
        self._check_open()
        return bisect_right(self._log.events, check_moment(recorded), key=lambda event: event.recorded_at)

    async def version_at(self, stream: str, position: int) -> int:
        """See `Timeline.version_at`."""
        self._check_open()
        check_range(0, position, 1)
        return self._version_at(stream, position)

    async def streams(
        self, *, category: str | None = None, after: str = "", upto: int | None = None, limit: int = 500
    ) -> Sequence[StreamHead]:
        """See `Timeline.streams`."""
        self._check_open()
        check_range(0, upto, limit)
        end = len(self._log.events) if upto is None else upto
        names = sorted(
            name for name in self._log.streams if name > after and (category is None or category_of(name) == category)
        )
        heads = ((name, self._version_at(name, end)) for name in names)
        return [self._head(name, version) for name, version in heads if version][:limit]

    def _head(self, stream: str, version: int) -> StreamHead:
        last = self._log.streams[stream][version - 1]
        return StreamHead(stream, version, last.position, last.recorded_at)

    def _version_at(self, stream: str, position: int) -> int:
        return bisect_right(self._log.streams.get(stream, []), position, key=lambda event: event.position)


class MemorySnapshots(OpenedLog):
    """See `SnapshotStore`."""

    async def load_snapshot(self, stream: str, fingerprint: str, *, upto: int | None = None) -> Snapshot | None:
        """See `SnapshotStore.load_snapshot`."""
        self._check_open()
        check_range(0, upto, 1)
        keys = [
            key
            for key in self._log.snapshots
            if (key.stream, key.fingerprint) == (stream, fingerprint) and (upto is None or key.version <= upto)
        ]
        return self._log.snapshots[max(keys)] if keys else None

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """See `SnapshotStore.save_snapshot`."""
        self._check_open()
        check_snapshot(snapshot)
        self._log.snapshots[snapshot.key] = snapshot

    async def read_snapshots(self, *, after: SnapshotKey | None = None, limit: int = 500) -> Sequence[Snapshot]:
        """See `SnapshotStore.read_snapshots`."""
        self._check_open()
        check_range(0, None, limit)
        keys = sorted(key for key in self._log.snapshots if after is None or key > after)
        return [self._log.snapshots[key] for key in keys[:limit]]

    async def drop_snapshots(self, keys: Sequence[SnapshotKey]) -> int:
        """See `SnapshotStore.drop_snapshots`."""
        self._check_open()
        return sum(self._log.snapshots.pop(key, None) is not None for key in keys)

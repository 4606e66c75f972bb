"""Logs with known times, for laws about moments, and what a plain list says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from leftfold.ids import new_id
from leftfold.store.events import StoredEvent
from leftfold.store.timeline import StreamHead

__all__ = ["BEGUN", "history_of", "newest_of", "renumbered"]

BEGUN = datetime(1993, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def history_of(groups: Sequence[int], *, streams: Sequence[str] = ("a-1", "b-1", "a-2")) -> list[StoredEvent]:
    """A log of groups of events, each group recorded at one time, a second after the group before it."""
    log: list[StoredEvent] = []
    for second, size in enumerate(groups):
        for _ in range(size):
            stream = streams[len(log) % len(streams)]
            moment = BEGUN + timedelta(seconds=second)
            log.append(
                StoredEvent(
                    position=len(log) + 1,
                    stream=stream,
                    version=1 + sum(known.stream == stream for known in log),
                    id=new_id(),
                    type="Kept",
                    schema_version=1,
                    data=b'{"n":%d}' % len(log),
                    metadata=b"{}",
                    occurred_at=moment,
                    recorded_at=moment,
                )
            )
    return log


def newest_of(log: Iterable[StoredEvent]) -> list[StreamHead]:
    """The streams of *log*, in the order of their names, with their last events."""
    last = {kept.stream: StreamHead(kept.stream, kept.version, kept.position, kept.recorded_at) for kept in log}
    return [last[stream] for stream in sorted(last)]


def renumbered(log: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The same events with positions and versions that have no gaps."""
    versions: dict[str, int] = {}
    renumbered: list[StoredEvent] = []
    for kept in log:
        versions[kept.stream] = versions.get(kept.stream, 0) + 1
        renumbered.append(replace(kept, position=len(renumbered) + 1, version=versions[kept.stream]))
    return renumbered

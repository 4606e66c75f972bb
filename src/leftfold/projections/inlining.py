"""Rows that are written with the append itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from leftfold.messages.codec import Codec
from leftfold.messages.metadata import Metadata, load_metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.projection import Projection
from leftfold.store.events import Appended, NewEvent, ToStream
from leftfold.store.transaction import Delete, Inline, Put, Rows, RowWrite

__all__ = ["Inlining", "fold_all"]


class _Coming(NamedTuple):
    """An event that is about to be appended: in which stream, and how many events of it and of the append follow."""

    stream: str
    behind_in_stream: int
    behind: int
    new: NewEvent
    event: object
    metadata: Metadata


class Inlining:
    """Makes of an append what its inline projections write with it.

    Args:
        projections: those that are run inline.
        codec: reads the events of the append, in the classes of today.
    """

    def __init__(self, projections: Sequence[Projection[Any]], codec: Codec) -> None:
        self._projections = projections
        self._codec = codec

    def __call__(self, parts: Sequence[ToStream]) -> Sequence[Inline]:
        """What is inline for an append of *parts*."""
        coming = self._coming(parts)
        found: list[Inline] = []
        for projection in self._projections:
            steps = [
                (key, one)
                for one in coming
                if type(one.event) in projection.events
                for key in projection.keys(one.event, None)
            ]
            if steps:
                keys = tuple(dict.fromkeys(key for key, _ in steps))
                found.append(Inline(((projection.table, keys),), partial(_projected, projection, steps)))
        return found

    def _coming(self, parts: Sequence[ToStream]) -> list[_Coming]:
        behind = sum(len(part.events) for part in parts)
        coming: list[_Coming] = []
        for part in parts:
            for at, new in enumerate(part.events, 1):
                behind -= 1
                metadata = load_metadata(
                    new.metadata, stream=part.stream, version=at, type=new.type, schema_version=new.schema_version
                )
                coming += [
                    _Coming(part.stream, len(part.events) - at, behind, new, event, metadata)
                    for event in self._codec.read(
                        new.data, stream=part.stream, version=at, type=new.type, schema_version=new.schema_version
                    )
                ]
        return coming


def fold_all(
    projection: Projection[Any],
    steps: Iterable[tuple[str, RecordedEvent[object]]],
    rows: Mapping[str, bytes],
    generation: int | None = None,
) -> Sequence[RowWrite]:
    """What each event, for each of its keys, makes of the rows that are there; whatever a fold raises goes through.

    Args:
        generation: which rows are written; None for those that are active.
    """
    table, states = projection.table, dict[str, Any]()
    for key, event in steps:
        if key not in states:
            data = rows.get(key)
            states[key] = None if data is None else projection.load(data)
        states[key] = projection.fold(states[key], event)
    kept = {key: projection.dump(row) for key, row in states.items() if row is not None}
    gone = [key for key, row in states.items() if row is None]
    writes: list[RowWrite] = [Put(table=table, generation=generation, rows=kept)] if kept else []
    return [*writes, Delete(table=table, generation=generation, keys=gone)] if gone else writes


def _projected(
    projection: Projection[Any], steps: Sequence[tuple[str, _Coming]], appended: Appended, rows: Rows
) -> Sequence[RowWrite]:
    there = {key: row for (_, key), row in rows.items()}  # of its table alone
    return fold_all(projection, ((key, _recorded(coming, appended)) for key, coming in steps), there)


def _recorded(coming: _Coming, appended: Appended) -> RecordedEvent[object]:
    new = coming.new
    return RecordedEvent(
        event=coming.event,
        stream=coming.stream,
        version=appended.versions[coming.stream] - coming.behind_in_stream,
        position=appended.position - coming.behind,
        id=new.id,
        type=new.type,
        schema_version=new.schema_version,
        occurred_at=new.occurred_at or appended.recorded_at,
        recorded_at=appended.recorded_at,
        metadata=coming.metadata,
        tags=tuple(sorted(set(new.tags))),
    )

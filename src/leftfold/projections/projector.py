"""Folds events into rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, Generic, TypeVar

from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.projection import Projection
from leftfold.store.tables import Tables
from leftfold.store.transaction import Delete, Put, RowWrite
from leftfold.subscriptions.consumer import Failure, Outcome
from leftfold.subscriptions.policy import Failing

__all__ = ["Projector"]

Row = TypeVar("Row")

_CACHED: Final = 10_000
_position: Final = attrgetter("position")


class Projector(Generic[Row]):
    """The consumer of one part of a projection.

    It keeps rows that it has written or read; the claim that it works under makes sure that nobody else changes them.

    Args:
        projection: what is folded.
        tables: where the rows are.
        generation: which of them.
        shard: the part, from 0.
    """

    def __init__(self, projection: Projection[Row], tables: Tables, generation: int, shard: int = 0) -> None:
        self.events = projection.events
        self._projection = projection
        self._tables = tables
        self._generation = generation
        self._shard = shard
        self._rows: OrderedDict[str, Row | None] = OrderedDict()

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the keys of the rows it changes."""
        return self._projection.keys(event.event, event)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        steps = [(key, event) for event in events for key in self.subjects(event) if only is None or key == only]
        await self._load({key for key, _ in steps if key not in parked})
        changed, failures = self._fold(steps, parked)
        return Outcome(list(self._writes(changed)), failures)

    def forget(self) -> None:
        """See `Consumer.forget`."""
        self._rows.clear()

    def _fold(
        self, steps: Sequence[tuple[str, RecordedEvent[object]]], parked: Container[str]
    ) -> tuple[dict[str, Row | None], list[Failure]]:
        fold, rows = self._projection.fold, self._rows
        changed: dict[str, Row | None] = {}
        failures: list[Failure] = []
        failed: set[str] = set()
        parks = self._projection.policy.failing is Failing.PARK
        for _, parts in groupby(steps, key=lambda step: step[1].position):
            for key, event in _by_key(parts):
                if key in failed or key in parked:
                    failures.append(Failure(key, event[0], None))
                    continue
                row = rows[key]
                try:
                    for part in event:
                        row = fold(row, part)
                except Exception as error:  # noqa: BLE001 - whatever a user's fold raises concerns its key alone
                    failures.append(Failure(key, event[0], error))
                    if parks:
                        failed.add(key)
                else:
                    rows[key] = changed[key] = row
        return changed, failures

    def _writes(self, changed: dict[str, Row | None]) -> Iterator[RowWrite]:
        dump, table, generation = self._projection.dump, self._projection.table, self._generation
        kept = {key: dump(row) for key, row in changed.items() if row is not None}
        gone = [key for key, row in changed.items() if row is None]
        if kept:
            yield Put(table=table, generation=generation, rows=kept, shard=self._shard)
        if gone:
            yield Delete(table=table, generation=generation, keys=gone)

    async def _load(self, keys: set[str]) -> None:
        rows = self._rows
        while len(rows) > _CACHED:
            rows.popitem(last=False)
        missing: list[str] = []
        for key in keys:
            if key in rows:
                rows.move_to_end(key)
            else:
                missing.append(key)
        if missing:
            found = await self._tables.get(self._projection.table, missing, generation=self._generation)
            load = self._projection.load
            for key in missing:
                data = found.get(key)
                rows[key] = None if data is None else load(data)


def _by_key(
    steps: Iterator[tuple[str, RecordedEvent[object]]],
) -> Iterator[tuple[str, list[RecordedEvent[object]]]]:
    """The parts of one stored event, for each key that they change."""
    found: dict[str, list[RecordedEvent[object]]] = {}
    for key, event in steps:
        found.setdefault(key, []).append(event)
    yield from found.items()

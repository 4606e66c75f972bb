"""Folds events into rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, Generic, TypeAlias, TypeVar

from leftfold.errors import InvalidInput
from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.projection import Projection
from leftfold.store.table_checks import check_keys
from leftfold.store.tables import Tables
from leftfold.store.transaction import Delete, Put, RowWrite
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Failure, Outcome, Unkeyed, keyed
from leftfold.subscriptions.policy import Failing

__all__ = ["Projector"]

Row = TypeVar("Row")

_Step: TypeAlias = tuple[str, RecordedEvent[object]]

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
        self.events: frozenset[type] = projection.events
        self._projection = projection
        self._tables = tables
        self._generation = generation
        self._shard = shard
        self._rows: OrderedDict[str, Row | None] = OrderedDict()

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        """See `Consumer.subjects`: the keys of the rows it changes."""
        keys = self._projection.keys(event.event, event)
        check_keys(keys)
        return keys

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        """See `Consumer.consume`."""
        keys = self._projection.keys
        steps = keyed(events, lambda event: keys(event.event, event), only)
        try:
            await self._load({key for key, _ in steps if key not in parked})
        except InvalidInput as error:
            raise Unkeyed(error) from error
        changed, failures = self._fold(steps, parked)
        if any(one.error is not None for one in failures):
            failures = await self._redone(steps, changed, failures)
        return Outcome(list(self._writes(changed)), failures)

    def forget(self) -> None:
        """See `Consumer.forget`."""
        self._rows.clear()

    async def _redone(
        self, steps: Sequence[_Step], changed: dict[str, Row | None], failures: list[Failure]
    ) -> list[Failure]:
        """Fold what failed again from the rows as they are stored, without the events that it failed at.

        A fold may have changed the row that it was handed before it raised, so that row is of no use any more.
        """
        failed = failures
        while spoilt := {one.subject for one in failed if one.error is not None}:
            for key in spoilt:
                self._rows.pop(key, None)
                changed.pop(key, None)
            await self._load(spoilt)
            out = {(one.subject, one.event.position) for one in failures}
            good = [(key, event) for key, event in steps if key in spoilt and (key, event.position) not in out]
            again, failed = self._fold(good, ())
            changed |= again
            failures = [*failures, *failed]
        return sorted(failures, key=lambda one: one.event.position)

    def _fold(self, steps: Sequence[_Step], parked: Container[str]) -> tuple[dict[str, Row | None], list[Failure]]:
        fold, rows = self._projection.fold, self._rows
        changed: dict[str, Row | None] = {}
        failures: list[Failure] = []
        failed: set[str] = set()
        task = running_task()
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
                except BaseException as error:  # whatever a user's fold raises concerns its key alone
                    if ends_task(error, task):
                        raise
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

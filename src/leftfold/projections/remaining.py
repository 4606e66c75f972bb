"""What is appended while rows are about to be shown that every append writes: folded in the step that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.inlining import fold_all
from leftfold.projections.projection import Projection
from leftfold.store.events import StoredEvent
from leftfold.store.table_checks import MAX_REST, check_keys, check_row_writes
from leftfold.store.transaction import Rest, RowWrite
from leftfold.subscriptions.subscription import Source

__all__ = ["Unfolded", "rest_of"]

T = TypeVar("T")


class Unfolded(Exception):
    """Something of the rest cannot be folded: whoever builds the rows comes to it, and parks it."""


def rest_of(projection: Projection[Any], source: Source, generation: int) -> Rest:
    """What folds the rest of the log into one generation, in one part; its functions raise `Unfolded`."""

    def steps(stored: Sequence[StoredEvent]) -> list[tuple[str, RecordedEvent[object]]]:
        events = [
            event
            for one in stored
            if source.holds(one.stream)
            for event in source.events.recorded(one, projection.events)
        ]
        return [(key, event) for event in events for key in projection.keys(event.event, event)]

    def keys(stored: Sequence[StoredEvent]) -> Sequence[str]:
        found = tuple(dict.fromkeys(key for key, _ in steps(stored)))
        check_keys(found)
        return found

    def project(stored: Sequence[StoredEvent], rows: Mapping[str, bytes]) -> Sequence[RowWrite]:
        writes = fold_all(projection, steps(stored), rows, generation)
        check_row_writes(writes)
        return writes

    return Rest(
        limit=MAX_REST,
        keys=lambda stored: _folded(lambda: keys(stored)),
        project=lambda stored, rows: _folded(lambda: project(stored, rows)),
    )


def _folded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise Unfolded from error

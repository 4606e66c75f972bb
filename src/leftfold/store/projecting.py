"""What is inline, or has a rest, is asked for its rows: whatever it raises is an error of its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from leftfold.errors import InvalidInput, NotAtHead
from leftfold.store.events import Appended, StoredEvent
from leftfold.store.table_checks import check_keys, check_row_writes
from leftfold.store.transaction import Inline, Point, Rest, Rows, RowWrite

__all__ = ["projected", "rest_behind", "rest_keys", "rest_writes"]

T = TypeVar("T")


def projected(inline: Inline, appended: Appended, rows: Rows) -> Sequence[RowWrite]:
    """What *inline* writes, checked.

    Raises:
        InvalidInput: it returned no writes, or raised what is no `Exception`, like `asyncio.CancelledError`: nobody
            cancelled anything, and whoever shares the commit would be left waiting. Only what ends the process,
            `KeyboardInterrupt` and `SystemExit`, goes through.
        Exception: what it raised.
    """

    def project() -> Sequence[RowWrite]:
        writes = inline.project(appended, rows)
        check_row_writes(writes)
        return writes

    tables = ", ".join(repr(table.name) for table, _ in inline.reads)
    return _of_user(project, f"what is inline{f' for table {tables}' if tables else ''}")


def rest_behind(point: Point, head: int) -> Rest | None:
    """What takes in the events between *point* and the log's last position; None where there are none.

    Raises:
        NotAtHead: nothing takes them in, or they are too many, or the log ends before.
    """
    if point.at_head is None or point.at_head == head:
        return None
    if point.rest is None or not 0 < head - point.at_head <= point.rest.limit:
        raise NotAtHead(point.at_head, head)
    return point.rest


def rest_keys(rest: Rest, events: Sequence[StoredEvent]) -> Sequence[str]:
    """The keys whose rows *rest* needs, each once and checked; raises what `projected` raises."""

    def keys() -> Sequence[str]:
        found = tuple(dict.fromkeys(rest.keys(events)))
        check_keys(found)
        return found

    return _of_user(keys, "what finds the keys of the rest")


def rest_writes(rest: Rest, events: Sequence[StoredEvent], rows: Mapping[str, bytes]) -> Sequence[RowWrite]:
    """What *rest* writes, checked; raises what `projected` raises."""

    def project() -> Sequence[RowWrite]:
        writes = rest.project(events, rows)
        check_row_writes(writes)
        return writes

    return _of_user(project, "what folds the rest")


def _of_user(work: Callable[[], T], what: str) -> T:
    try:
        return work()
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise InvalidInput(
            f"{what} raised {type(error).__name__}; nothing was stored. Have it raise an Exception, only to refuse it"
        ) from error

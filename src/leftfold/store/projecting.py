"""What is inline is asked for its rows: whatever it raises is an error of its own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.errors import InvalidInput
from leftfold.store.events import Appended
from leftfold.store.table_checks import check_row_writes
from leftfold.store.transaction import Inline, Rows, RowWrite

__all__ = ["projected"]


def projected(inline: Inline, appended: Appended, rows: Rows) -> Sequence[RowWrite]:
    """What *inline* writes, checked.

    Raises:
        InvalidInput: it returned no writes, or raised what is no `Exception`, like `asyncio.CancelledError`: nobody
            cancelled anything, and whoever shares the commit would be left waiting. Only what ends the process,
            `KeyboardInterrupt` and `SystemExit`, goes through.
        Exception: what it raised.
    """
    try:
        writes = inline.project(appended, rows)
        check_row_writes(writes)
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        tables = ", ".join(repr(table.name) for table, _ in inline.reads)
        raise InvalidInput(
            f"what is inline{f' for table {tables}' if tables else ''} raised {type(error).__name__}; nothing was "
            "stored. Have it raise an Exception, and only to refuse the append"
        ) from error
    return writes

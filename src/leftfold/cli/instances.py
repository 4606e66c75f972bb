"""What `leftfold sagas` and `leftfold processes` say alike: some of many instances, and those that are forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar

from leftfold.cli.errors import UsageError
from leftfold.cli.output import Columns, Listing, Row, console, write_json
from leftfold.cli.progress import progress
from leftfold.cli.text import counted

__all__ = ["check_days", "counted_instances", "days_ago", "instances_are", "left_out", "show_first", "show_forgotten"]

V = TypeVar("V")
_Kind: TypeAlias = tuple[str, str]


def check_days(action: str, days: int | None) -> None:
    """Refuse a forget that does not say how long ago, and anything else that does."""
    if (days is not None) != (action == "forget"):
        raise UsageError("forget takes --days N, and nothing else does: instances that ended at least so long ago")


def days_ago(days: int | None) -> datetime:
    """The moment so many days ago; the first there is when that was before it."""
    try:
        return datetime.now(UTC) - timedelta(days=days or 0)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


async def show_first(
    views: AsyncIterator[V], limit: int, table: Listing[V], dump: Callable[[V], object] | None
) -> None:
    """Show at most so many; none behind them is read.

    Args:
        dump: what JSON is made of; None for a table.
    """
    left = limit
    with table:
        async for view in views:
            if dump is None:
                table.add(view)
            else:
                write_json(dump(view))
            left -= 1
            if not left:
                return


async def show_forgotten(
    views: AsyncIterator[V],
    what: str,
    kind: Callable[[V], _Kind],
    dump: Callable[[V], object] | None,
    *,
    try_only: bool,
) -> None:
    """Show how many there are of each kind, those that are gone also when it breaks off; as JSON, each of them.

    Args:
        what: they are instances of.
        kind: name and status of one.
        dump: what JSON is made of; None for counts.
    """
    counts, out = Counter[_Kind](), console()
    try:
        with progress("forgetting", None) as tell:
            async for view in views:
                counts[kind(view)] += 1
                tell(counts.total())
                if dump is not None:
                    write_json(dump(view))
    finally:
        if dump is None and counts:
            rows = [Row((name, status, f"{count:,}")) for (name, status), count in sorted(counts.items())]
            Columns(out, what, "status", ">instances").print(rows)
    if dump is None:
        out.print(f"{instances_are(counts.total(), try_only=try_only)} forgotten", style="dim")


def counted_instances(counts: Mapping[str, int], statuses: Collection[str], limit: int) -> str:
    """How many there are of some statuses, or of all, and how many of them are listed."""
    count = sum(number for status, number in counts.items() if status in (statuses or (status,)))
    return f"{counted(count, 'instance')}{left_out(count, limit)}"


def instances_are(count: int, *, try_only: bool) -> str:
    """How many instances something is done to, or would be."""
    return f"{counted(count, 'instance')} {'would be' if try_only else 'is' if count == 1 else 'are'}"


def left_out(count: int, limit: int) -> str:
    """What to say behind a number when a list does not show all of it."""
    return f", {limit:,} of them listed" if count > limit else ""

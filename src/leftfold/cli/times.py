"""Times as people give them on a command line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from leftfold.cli.errors import UsageError
from leftfold.store.port import Store

__all__ = [
    "Since",
    "Until",
    "day_given",
    "position_before",
    "range_given",
    "since_given",
    "time_given",
    "versions_recorded",
]

Since: TypeAlias = Annotated[
    str | None, Parameter(help="Only what was recorded at this time or later; a date is its beginning, in UTC.")
]

Until: TypeAlias = Annotated[
    str | None, Parameter(help="Only what was recorded at this time or before; a date is its end, in UTC.")
]

_MICROSECOND = timedelta(microseconds=1)


def time_given(text: str, *, of_day: time = time.max) -> datetime:
    """The time that *text* is.

    Args:
        of_day: of a date alone, in UTC; its end when left out.

    Raises:
        UsageError: it is none, or has no zone.
    """
    try:
        moment, day = datetime.fromisoformat(text), day_given(text)
    except ValueError as error:
        what = "beginning" if of_day == time.min else "end"
        raise UsageError(
            f"{text!r} is no time; write 2026-03-31T12:00:00Z, or 2026-03-31 for the {what} of it"
        ) from error
    if day is not None:
        return datetime.combine(day, of_day, UTC)
    if moment.utcoffset() is None:
        raise UsageError(f"{text!r} has no zone; write {text}Z, or +01:00 for another zone")
    return moment


def day_given(text: str) -> date | None:
    """The date that *text* is, if it is one without a time of day."""
    return date.fromisoformat(text) if len(text) <= len("2026-03-31") and "T" not in text else None


def since_given(text: str | None) -> datetime | None:
    """The time from which on is asked for, if one is; raises what `time_given` raises."""
    return None if text is None else time_given(text, of_day=time.min)


def range_given(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """The times from which on, and by which, is asked for, as far as they are.

    Raises:
        UsageError: what should be a time is none, or has no zone, or *until* is before *since*.
    """
    begin, end = since_given(since), None if until is None else time_given(until)
    if begin is not None and end is not None and end < begin:
        raise UsageError(f"--until {until} is before --since {since}")
    return begin, end


async def position_before(store: Store, moment: datetime | None) -> int:
    """The position of the last event recorded before *moment*, 0 when there is none or no moment."""
    if moment is None:
        return 0
    try:
        return await store.position_at(moment - _MICROSECOND)
    except OverflowError:  # nothing is older than the year 1
        return 0


async def versions_recorded(store: Store, stream: str, since: str | None, until: str | None) -> tuple[int, int | None]:
    """The version of *stream* before the first one recorded from *since* on, and the last one recorded by *until*.

    Raises:
        UsageError: what should be a time is none, or has no zone, or *until* is before *since*.
    """
    begin, end = range_given(since, until)
    after = 0 if begin is None else await store.version_at(stream, await position_before(store, begin))
    return after, None if end is None else await store.version_at(stream, await store.position_at(end))

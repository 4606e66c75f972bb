"""Times as text, and back, with nothing lost on the way."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from leftfold.errors import InvalidInput
from leftfold.messages.given import moment_flaw

__all__ = ["ReadTime", "read_timestamp", "time_flaw", "write_timestamp", "zoned"]

_RFC_3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
_MICROSECOND: Final = 6
_LEAP: Final = "60"


class ReadTime(NamedTuple):
    """A time that was read from text.

    Args:
        time: it, with its offset; cut to microseconds, and the last microsecond before it for a leap second.
        exact: the text, when it says more than *time* does: digits below the microsecond, a leap second, or that the
            offset of the place is not known (`-00:00`). None when *time* says it all.
    """

    time: datetime
    exact: str | None


def read_timestamp(text: str) -> ReadTime:
    """Read a date and time of RFC 3339.

    Raises:
        ValueError: *text* is none; the message says why.

    Source: RFC 3339, section 5.6.
    """
    found = _RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r:.80} is no RFC 3339 time; write a date, T, a time with seconds, and Z or an offset, "
            "like 2024-03-01T12:00:00Z"
        )
    date, clock, second, fraction, offset = found.groups()
    digits: str = fraction or ""
    leap = second == _LEAP
    below = "999999" if leap else digits[:_MICROSECOND].ljust(_MICROSECOND, "0")
    zone = "+00:00" if offset in {"Z", "z"} else offset
    try:
        time = datetime.fromisoformat(f"{date}T{clock}{'59' if leap else second}.{below}{zone}")
    except ValueError as error:
        raise ValueError(f"{text!r:.80} is no time: {error}; mend it") from error
    if leap and not _ends_a_month(time):
        raise ValueError(f"{text!r:.80} has a leap second where none can be; mend it")
    more = leap or digits[_MICROSECOND:].strip("0") or offset == "-00:00"
    return ReadTime(time, text.upper() if more else None)


def write_timestamp(time: datetime) -> str:
    """Write an aware *time* as RFC 3339 has it, with its offset; `Z` for UTC.

    Raises:
        InvalidInput: it has no zone, or one that is not in whole minutes.
    """
    if flaw := moment_flaw(time) or time_flaw(time):
        raise InvalidInput(flaw)
    text = time.isoformat()
    return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text


def time_flaw(time: datetime) -> str | None:
    """Why *time* has no RFC 3339 text, or None when it has."""
    offset = time.utcoffset()
    if offset is None:
        return "the time has no zone; give one, as in datetime.now(UTC)"
    if offset % timedelta(minutes=1):
        return f"the zone's offset {offset} is not in whole minutes; use time.astimezone(UTC)"
    return None


def zoned(time: datetime) -> datetime:
    """The same *time*, with its zone as the offset it has then: what is left of it in text."""
    offset = time.utcoffset()
    if offset is None or isinstance(time.tzinfo, timezone):
        return time
    return time.replace(tzinfo=timezone(offset))


def _ends_a_month(time: datetime) -> bool:
    # In whole numbers, as the time in UTC may lie outside the years that a datetime can hold.
    offset = time.utcoffset() or timedelta()
    minutes = (time.hour * 60 + time.minute - offset // timedelta(minutes=1)) % (24 * 60)
    if minutes != 23 * 60 + 59:
        return False
    try:
        return (time.astimezone(UTC) + timedelta(seconds=1)).day == 1
    except OverflowError:
        return True

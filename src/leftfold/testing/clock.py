"""A clock that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from leftfold.errors import InvalidInput
from leftfold.messages.given import utc_flaw

__all__ = ["DEFAULT_START", "ManualClock"]

DEFAULT_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When a clock starts that was not told when."""


class ManualClock:
    """Stands still until it is moved; wherever a `Clock` goes, it goes.

    It moves timers, retries and leases on SQLite and in memory. PostgreSQL goes by the database's clock: an app that
    would open a store there with this one raises `DefinitionError`.

    Args:
        start: the first time it tells, with a zone.

    Raises:
        InvalidInput: *start* has no zone, or is none of the years 1 to 9999 of UTC.
    """

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        self._now = _in_utc(start)

    def now(self) -> datetime:
        """The time it was last moved to, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward.

        Returns:
            The new time.

        Raises:
            InvalidInput: *by* is negative; a clock that has to run backwards is `set`. Or there is no time so late.
        """
        if not isinstance(cast("object", by), timedelta):
            raise InvalidInput(f"advance({by!r:.80}); give a timedelta, as in timedelta(days=1)")
        if by < timedelta(0):
            raise InvalidInput(f"advance({by!r}) would run backwards; use set() to say that a clock was put back")
        try:
            self._now += by
        except OverflowError as error:
            raise InvalidInput(f"advance({by!r}) is beyond the year 9999; move it less far") from error
        return self._now

    def set(self, to: datetime) -> None:
        """Put it to any time, an earlier one too, as happens to real clocks.

        Raises:
            InvalidInput: *to* has no zone, or is none of the years 1 to 9999 of UTC.
        """
        self._now = _in_utc(to)


def _in_utc(time: datetime) -> datetime:
    if flaw := utc_flaw(time):
        raise InvalidInput(f"the time {flaw}")
    return time.astimezone(UTC)  # where a zone puts its clocks on, sums and differences within it leave that out

"""What becomes of an event that cannot be handled."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from msgspec import Struct

__all__ = ["Failing", "Policy", "Retry"]


class Failing(Enum):
    """What happens to what follows an event that cannot be handled."""

    PARK = "park"
    """Its key waits, with everything that follows for it, until the event is handled or dropped; other keys go on."""

    SKIP = "skip"
    """The event is kept as a dead letter, and its key goes on without it."""


class Retry(Struct, frozen=True, kw_only=True):
    """How often something is tried, and how long the pauses are.

    Args:
        attempts: in all, 1 or more.
        first: the pause after the first try; it doubles each time.
        most: no pause is longer.
    """

    attempts: int = 5
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=5)


class Policy(Struct, frozen=True, kw_only=True):
    """What a follower does at an event that cannot be handled.

    Args:
        failing: what happens to its key.
        retry: how often it is tried before it is a dead letter.
    """

    failing: Failing = Failing.PARK
    retry: Retry = Retry()

    def pause_s(self, attempts: int) -> float | None:
        """Seconds to wait after *attempts* failed tries; None when there is no further one."""
        if attempts >= self.retry.attempts:
            return None
        return min(self.retry.first.total_seconds() * 2.0 ** (attempts - 1), self.retry.most.total_seconds())

"""What becomes of an event that cannot be handled."""

from __future__ import annotations

import random
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

    Pauses are random between half of their length and all of it, so that what failed together is not tried together.

    Args:
        attempts: in all, 1 or more; None for ever.
        first: the pause after the first try; it doubles each time.
        most: no pause is longer.
        unless: errors after which it is not tried again.
    """

    attempts: int | None = 5
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=5)
    unless: tuple[type[Exception], ...] = ()

    def pause_s(self, attempts: int, error: Exception | None = None) -> float | None:
        """Seconds to wait after *attempts* tries, the last of which failed with *error*; None for no further one."""
        if (self.attempts is not None and attempts >= self.attempts) or isinstance(error, self.unless):
            return None
        doublings = min(attempts - 1, 60)
        longest = min(self.first.total_seconds() * 2.0**doublings, self.most.total_seconds())
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


class Policy(Struct, frozen=True, kw_only=True):
    """What a follower does at an event that cannot be handled.

    Args:
        failing: what happens to its key.
        retry: how often it is tried before it is a dead letter.
    """

    failing: Failing = Failing.PARK
    retry: Retry = Retry()

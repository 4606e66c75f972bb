"""What becomes of an event that cannot be handled."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import Final, cast

from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.given import is_count

__all__ = ["LONGEST", "Failing", "Policy", "Retry", "policy_flaw"]


LONGEST: Final = timedelta(days=365_000)
"""No declaration asks for a longer time: it would end behind the last moment that can be kept."""


class Failing(Enum):
    """What happens to what follows an event that cannot be handled."""

    PARK = "park"
    """Its key waits, with everything that follows for it, until the event is handled or dropped; other keys go on."""

    SKIP = "skip"
    """The event is kept as a dead letter, and its key goes on without it."""


def _retry_flaws(attempts: object, pauses: Mapping[str, object], unless: object) -> Iterator[str]:
    if attempts is not None and not is_count(attempts):
        yield f"Retry(attempts={attempts!r:.80}): tries count from 1, the first included; None is for ever"
    for name, pause in pauses.items():
        if not isinstance(pause, timedelta):
            yield f"Retry({name}={pause!r:.80}): give a timedelta, as in timedelta(seconds=1)"
        elif pause < timedelta(0):
            yield f"Retry({name}={pause}): a pause is 0 or more"
        elif pause > LONGEST:
            yield f"Retry({name}={pause}): a pause is {LONGEST.days} days at most"
    if not isinstance(unless, tuple) or not all(map(_is_error, cast("tuple[object, ...]", unless))):
        yield f"Retry(unless={unless!r:.80}): give a tuple of exception classes"


def _is_error(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, BaseException)


def _policy_flaws(failing: object, retry: object) -> Iterator[str]:
    if not isinstance(failing, Failing):
        yield f"Policy(failing={failing!r:.80}): give {' or '.join(map(str, Failing))}"
    if not isinstance(retry, Retry):
        yield f"Policy(retry={retry!r:.80}): give a Retry"


def policy_flaw(given: object) -> str | None:
    """What is wrong with what a declaration gives as its policy; None when it is one."""
    return None if isinstance(given, Policy) else f"policy={given!r:.80}; give a Policy, as in Policy(retry=Retry())"


class Retry(Struct, frozen=True, kw_only=True):
    """How often something is tried, and how long the pauses are.

    Pauses are random between half of their length and all of it, so that what failed together is not tried together.

    Args:
        attempts: in all, 1 or more; None for ever.
        first: the pause after the first try; it doubles each time.
        most: no pause is longer.
        unless: errors after which it is not tried again.

    Raises:
        DefinitionError: a number is too small, a pause longer than 365000 days, or something is of another type.
    """

    attempts: int | None = 5
    first: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(minutes=5)
    unless: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        findings = list(_retry_flaws(self.attempts, {"first": self.first, "most": self.most}, self.unless))
        if findings:
            raise DefinitionError(*findings)

    def pause_s(self, attempts: int, error: BaseException | None = None) -> float | None:
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

    Raises:
        DefinitionError: something is of another type.
    """

    failing: Failing = Failing.PARK
    retry: Retry = Retry()

    def __post_init__(self) -> None:
        findings = list(_policy_flaws(self.failing, self.retry))
        if findings:
            raise DefinitionError(*findings)

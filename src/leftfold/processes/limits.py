"""How long something may take, how often it is tried, and which errors refuse it, as a declaration says it."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from leftfold.subscriptions.policy import LONGEST, Retry

__all__ = ["refusals_flaw", "retry_flaw", "time_flaw"]


def time_flaw(word: str, given: object) -> str | None:
    """What is wrong with a time that something may take; None when it is above 0, and `LONGEST` at most."""
    if not isinstance(given, timedelta):
        return f"{word}={given!r:.80}; give a timedelta, as in timedelta(minutes=5)"
    if given > LONGEST:
        return f"{word}={given}; give {LONGEST.days} days at most"
    return None if given > timedelta(0) else f"{word}={given}; give a time above 0"


def retry_flaw(given: object) -> str | None:
    """What is wrong with how often something is tried."""
    return None if isinstance(given, Retry) else f"retry={given!r:.80}; give a Retry, as in Retry(attempts=3)"


def refusals_flaw(given: object) -> str | None:
    """What is wrong with the errors that say for certain that nothing was done."""
    if isinstance(given, tuple) and all(map(_is_error, cast("tuple[object, ...]", given))):
        return None
    return f"refused={given!r:.80}; give a tuple of exception classes"


def _is_error(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, Exception)

"""Injected time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Tells the time. Pass `leftfold.testing.ManualClock` in tests."""

    def now(self) -> datetime:
        """The time, always with a zone."""
        ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The time in UTC, in microseconds."""
        return datetime.now(UTC)

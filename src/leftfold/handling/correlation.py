"""Which request the code that runs now belongs to, for log records and for whoever measures."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Final

from leftfold.messages.metadata import NO_METADATA, Metadata

__all__ = ["OUTCOME", "CorrelationFilter", "Outcome", "handling"]

_CURRENT: Final[ContextVar[Metadata]] = ContextVar("leftfold_metadata", default=NO_METADATA)


class Outcome:
    """What came of a command so far.

    Args:
        conflicts: how often it was decided again.
        events: how many it stored.
    """

    __slots__ = ("conflicts", "events")

    def __init__(self) -> None:
        self.conflicts: int = 0
        self.events: int = 0


OUTCOME: Final[ContextVar[Outcome | None]] = ContextVar("leftfold_outcome", default=None)
"""Where the command that runs now counts; None while nobody wants to know."""


class _Handling:
    __slots__ = ("_before", "_metadata")

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    def __enter__(self) -> None:
        self._before = _CURRENT.set(self._metadata)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _CURRENT.reset(self._before)


def handling(metadata: Metadata) -> AbstractContextManager[None]:
    """Say that what runs inside belongs to the command, query or event with this metadata."""
    return _Handling(metadata)


class CorrelationFilter(logging.Filter):
    """Give every log record `correlation_id`, `command_id` and `actor` of what is being handled, for formatters.

    Add it to a handler, not to a logger: `handler.addFilter(CorrelationFilter())`. It sees the records of every library
    then. It lets every record through; outside a command, query or reaction, what it adds is None.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add what a record does not say by itself."""
        current = _CURRENT.get()
        for name in ("correlation_id", "command_id", "actor"):
            if not hasattr(record, name):
                setattr(record, name, getattr(current, name))
        return True

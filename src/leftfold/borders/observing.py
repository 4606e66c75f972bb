"""Counts what logs show that contexts take from each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from leftfold.borders.observed import Observed
from leftfold.messages.metadata import Metadata
from leftfold.store.events import StoredEvent

__all__ = ["Observing"]

_SENDERS: Final = ("reaction/", "process/", "saga/")
_OF_A_SAGA: Final = "saga/"


class _What(NamedTuple):
    kind: Literal["event", "command"]
    source: str
    type: str
    version: int
    consumer: str


class _Span(NamedTuple):
    events: int
    first: datetime
    last: datetime

    def with_(self, other: _Span) -> _Span:
        return _Span(self.events + other.events, min(self.first, other.first), max(self.last, other.last))


class Observing:
    """Gathers counters from the logs of contexts: `record` every event of every log, and `resolve` those that it
    `wants`.

    Seen is what left a trace in an event: that an event of one context was reacted to by another with a command or an
    event of its own, and that one context sent a command that another carried out. What a projection reads, and what a
    reaction does outside, leaves none.
    """

    def __init__(self) -> None:
        self._seen: dict[_What, _Span] = {}
        self._waiting: dict[str, dict[str, _Span]] = {}

    @property
    def waiting(self) -> int:
        """How many events that somebody reacted to are still to be resolved."""
        return len(self._waiting)

    def record(self, context: str, stored: StoredEvent, metadata: Metadata) -> str | None:
        """Note what an event was recorded for.

        Args:
            context: whose log it is in.

        Returns:
            The id of the event that was reacted to, which is to be resolved; None when there is none.
        """
        sender = _sender(metadata.via)
        if not sender:
            return None
        span = _Span(1, stored.recorded_at, stored.recorded_at)
        if metadata.command is not None and sender != context:
            self._add(_What("command", sender, metadata.command, 0, context), span)
        cause = metadata.causation_id
        if cause is None or cause.startswith(_OF_A_SAGA):
            return None
        waiting = self._waiting.setdefault(cause, {})
        waiting[sender] = waiting[sender].with_(span) if sender in waiting else span
        return cause

    def wants(self, id: str) -> bool:
        """Whether somebody reacted to the event with this id, so that it is to be resolved."""
        return id in self._waiting

    def resolve(self, context: str, stored: StoredEvent) -> None:
        """Note whose event it is that was reacted to.

        Args:
            context: whose log it is in.
        """
        for consumer, span in self._waiting.pop(str(stored.id), {}).items():
            if consumer != context:
                self._add(_What("event", context, stored.type, stored.schema_version, consumer), span)

    def give_up(self) -> None:
        """Let go of what is still to be resolved: no log has it."""
        self._waiting.clear()

    def observed(self) -> Sequence[Observed]:
        """What was seen; of events that no log here has, nothing."""
        return sorted(self._told())

    def _told(self) -> Iterator[Observed]:
        for what, span in self._seen.items():
            yield Observed(
                kind=what.kind,
                source=what.source,
                type=what.type,
                version=what.version,
                consumer=what.consumer,
                count=span.events,
                first=span.first,
                last=span.last,
            )

    def _add(self, what: _What, span: _Span) -> None:
        self._seen[what] = self._seen[what].with_(span) if what in self._seen else span


def _sender(via: str | None) -> str:
    """The context of what sent a command or recorded an event; empty when that came from outside."""
    if via is None or not via.startswith(_SENDERS):
        return ""
    return via.partition("/")[2].partition(".")[0]

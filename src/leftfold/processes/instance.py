"""What is kept of an instance of a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.messages.metadata import NO_METADATA, Metadata

__all__ = [
    "KEPT_ENTRIES",
    "NO_STATE",
    "Entry",
    "EntryKind",
    "Instance",
    "InstanceStatus",
    "Timer",
    "dump_instance",
    "load_instance",
]

EntryKind: TypeAlias = Literal["applied", "ignored", "timer", "refused", "parked", "failed", "retried", "dropped"]
"""What became of something: it changed the instance, or did not; a timer fired; a command was refused; an event waits
for an instance; the function raised; a person acted.
"""

InstanceStatus: TypeAlias = Literal["missing", "waiting", "stuck", "ended"]
"""`missing`: events wait for it to begin. `stuck`: a timer was given up and waits for a person."""

KEPT_ENTRIES: Final = 200
"""Of a journal; older ones are forgotten."""

NO_STATE: Final = Raw(b"null")


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a journal.

    Args:
        kind: what became of it.
        what: name of the event, timer or command; of what another context publishes, the published one.
        at: when.
        position: of the event in the log; 0 for what is no event.
        note: why; who and why, of what a person did.
    """

    kind: EntryKind
    what: str
    at: datetime
    position: int = 0
    note: str = ""


class Timer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A timer that is set.

    Args:
        due: when it fires; not before.
        cause: id of the event that set it.
        attempts: how often the function raised at it.
        again: when it is tried again after that.
        error: what it raised last.
        dead: whether it was given up, and waits for a person.
    """

    due: datetime
    cause: str
    attempts: int = 0
    again: datetime | None = None
    error: str = ""
    dead: bool = False


class Instance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An instance as it is kept, and as it is before it has begun.

    Args:
        state: JSON text of its state.
        version: how many transitions there were; 0 before it has begun.
        timers: those that are set, by name.
        journal: what happened last, oldest first.
        parked: places of the events that wait for it to begin, see `MissingEvent`.
        metadata: of the event that began it, for commands that no event causes.
        ended: whether it is done.
    """

    state: Raw = NO_STATE
    version: int = 0
    timers: Mapping[str, Timer] = {}
    journal: tuple[Entry, ...] = ()
    parked: tuple[str, ...] = ()
    metadata: Metadata = NO_METADATA
    ended: bool = False

    @property
    def begun(self) -> bool:
        """Whether there was a transition."""
        return self.version > 0

    @property
    def status(self) -> InstanceStatus:
        """How it stands."""
        if self.ended:
            return "ended"
        if not self.begun:
            return "missing"
        return "stuck" if any(timer.dead for timer in self.timers.values()) else "waiting"

    @property
    def wake_at(self) -> datetime | None:
        """When its next timer is to fire; None when there is none."""
        wakes = (timer.again or timer.due for timer in self.timers.values() if not timer.dead)
        return min(wakes, default=None)

    def due(self, now: datetime) -> str | None:
        """The name of the timer that fires next, of those whose time has come by *now*."""
        ready = [
            (timer.due, name)
            for name, timer in self.timers.items()
            if not timer.dead and (timer.again or timer.due) <= now and timer.due <= now
        ]
        return min(ready)[1] if ready else None

    def noted(self, *entries: Entry) -> Instance:
        """With *entries* at the end of its journal."""
        return replace(self, journal=(*self.journal, *entries)[-KEPT_ENTRIES:])

    def with_timer(self, name: str, timer: Timer | None) -> Instance:
        """With a timer of that name set, or not set any more."""
        others = {known: each for known, each in self.timers.items() if known != name}
        return replace(self, timers=others if timer is None else {**others, name: timer})


dump_instance: Final[Callable[[Instance], bytes]] = msgspec.json.Encoder().encode
"""Write an instance as JSON text."""
load_instance: Final[Callable[[bytes], Instance]] = msgspec.json.Decoder(Instance).decode
"""Read an instance; raises `ValueError` when it is damaged, or of newer code."""

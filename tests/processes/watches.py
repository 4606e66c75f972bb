"""Watches: a process that does what its events say, for tests of timers, commands, and events without an instance."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from leftfold import Aggregate, Command, Context, DomainError, Event, applies
from leftfold.processes import IGNORE, Ignored, Next, TimerDue
from leftfold.processes.process import ProcessKey
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.subscriptions.policy import Retry

__all__ = [
    "Bell",
    "Fire",
    "Mark",
    "Marked",
    "NotToday",
    "Poke",
    "Poked",
    "Wait",
    "Waited",
    "Watch",
    "Watched",
    "watching",
]


class Falling(tzinfo):
    """A zone that is 29 seconds more than an hour ahead of UTC, until its clocks are set back to UTC."""

    def utcoffset(self, dt: datetime | None, /) -> timedelta:
        return timedelta() if dt is not None and dt.fold else timedelta(hours=1, seconds=29)

    def dst(self, dt: datetime | None, /) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None, /) -> str:
        return "falling"


class Waited(Event):
    """Begins a watch, with timers after so many seconds."""

    id: str
    timers: dict[str, float]


class Poked(Event):
    """Does something to a watch: `reset TIMER`, `set TIMER MOMENT`, `fall MOMENT`, `cancel TIMER`, `end`, `ignore`.

    Anything else marks it.
    """

    id: str
    what: str


class Marked(Event):
    id: str
    name: str


class NotToday(DomainError):
    """Some marks are refused."""

    name: str


class Watch(Aggregate[Waited | Poked | Marked], category="watch"):
    marks: tuple[str, ...] = ()

    @applies
    def _marked(self, event: Marked) -> None:
        self.marks = (*self.marks, event.name)

    @applies
    def _others(self, event: Waited | Poked) -> None:
        pass


class Wait(Command):
    id: str
    timers: dict[str, float] = msgspec.field(default_factory=dict)


class Poke(Command):
    id: str
    what: str


class Mark(Command):
    id: str
    name: str


NEVER = datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))
"""A moment that no store can keep."""


class Bell(Protocol):
    """What a handler calls, and a test breaks."""

    def ring(self, name: str) -> None: ...


class Fire(Exception):
    """What breaks."""


class Watched(Struct, frozen=True):
    id: str
    seen: tuple[str, ...] = ()


def watching(
    bell: Bell,
    *,
    missing: timedelta | None = timedelta(minutes=10),
    abandoned: timedelta | None = None,
    key: ProcessKey = "id",
) -> Context:
    """The context; each time with functions of its own, for tests that change them."""
    context = Context("watching")
    context.includes(Watch)

    @context.decides(Watch, id="id")
    def wait(command: Wait, watch: Watch) -> None:
        watch.record(Waited(id=watch.id, timers=command.timers))

    @context.decides(Watch, id="id")
    def poke(command: Poke, watch: Watch) -> None:
        watch.record(Poked(id=watch.id, what=command.what))

    @context.decides(Watch, id="id")
    def mark(command: Mark, watch: Watch) -> None:
        bell.ring(command.name)
        if command.name.startswith("no "):
            raise NotToday(name=command.name)
        watch.record(Marked(id=watch.id, name=command.name))

    @context.process(key=key, missing=missing, abandoned=abandoned, retry=Retry(attempts=2, first=timedelta(0)))
    def watch(state: Watched | None, event: Waited | Poked | TimerDue) -> Next[Watched] | Ignored:
        match state, event:
            case None, Waited(id=id, timers=wanted):
                following = Next(Watched(id))
                for name, seconds in wanted.items():
                    following = following.timer(name, timedelta(seconds=seconds))
                return following
            case Watched(), TimerDue(name=name):
                bell.ring(f"timer {name}")
                return _rung(state, name)
            case Watched(), Poked(what=what):
                bell.ring(f"poked {what}")
                return _poked(state, what)
            case _:
                return IGNORE

    return context


def _rung(state: Watched, name: str) -> Next[Watched]:
    match name:
        case "far":
            return Next(state).timer(name, NEVER)
        case "big":
            return Next(replace(state, seen=("x" * MAX_EVENT_BYTES,)))
        case _:
            return Next(replace(state, seen=(*state.seen, name))).send(Mark(id=state.id, name=name))


def _poked(state: Watched, what: str) -> Next[Watched] | Ignored:
    following = Next(replace(state, seen=(*state.seen, what)))
    match what.split():
        case ["ignore"]:
            return IGNORE
        case ["end"]:
            return Next(state).end()
        case ["reset", name]:
            return following.timer(name, timedelta(seconds=100))
        case ["set", name, moment]:
            return following.timer(name, datetime.fromisoformat(moment))
        case ["fall", moment]:
            local = datetime.fromisoformat(moment).replace(tzinfo=Falling())
            sooner, later = local.replace(minute=30), local.replace(minute=15, fold=1)
            return following.timer("sooner", sooner).timer("later", later)
        case ["cancel", name]:
            return following.cancel(name)
        case _:
            return following.send(Mark(id=state.id, name=what))

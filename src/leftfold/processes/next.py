"""What a process answers to an event: its next state, commands and timers; or that the event does not concern it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, TypeAlias, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.errors import InvalidInput
from leftfold.messages.command import Command
from leftfold.messages.message import name_flaw
from leftfold.subscriptions.policy import LONGEST

__all__ = ["IGNORE", "MARK", "NO_TIME", "CommandRefused", "Ignored", "Next", "TimerDue", "When"]

S_co = TypeVar("S_co", covariant=True)

When: TypeAlias = timedelta | datetime
"""When a timer is due: so long after the event that sets it was recorded, or at a moment."""

MARK: Final = "#"
"""Stands between the key of an instance and the name of its timer, where people name the timer by both."""

_ZERO: Final = timedelta(0)


class Next(Struct, Generic[S_co], frozen=True):
    """What comes next: the state of the instance, and what happens with it in one commit.

    Immutable; each method returns another one. ::

        Next(Fulfilment("paid")).cancel("payment").send(Ship(order_id=id)).timer("shipping", timedelta(days=2))

    Args:
        state: of the instance from now on.
        commands: to be carried out, at least once each, in no order of their own.
        timers: when each is due, by name; None for one that is cancelled.
        ended: whether the instance is done; whatever comes later is ignored.
    """

    state: S_co
    commands: tuple[Command[object], ...] = ()
    timers: tuple[tuple[str, When | None], ...] = ()
    ended: bool = False

    def send(self, *commands: Command[object]) -> Next[S_co]:
        """Send *commands*, each with an id that is the same however often this is decided.

        Raises:
            InvalidInput: what is given is no command.
        """
        for one in commands:
            _check_command(one)
        return replace(self, commands=(*self.commands, *commands))

    def timer(self, name: str, when: When) -> Next[S_co]:
        """Hand in `TimerDue` when the time has come; a timer of this name that is set already is set anew.

        Args:
            name: of the timer, unique in its instance, without a `#`.
            when: so long after the event was recorded, or a moment with a zone.

        Raises:
            InvalidInput: the name cannot be stored or holds a `#`, the time is none, negative or above 365,000 days, or
                the moment has no zone.
        """
        _check_name(name)
        if isinstance(when, datetime):
            if when.tzinfo is None:
                raise InvalidInput(f"timer {name!r}: the time {when} has no zone; give one")
        elif not isinstance(cast("object", when), timedelta):
            raise InvalidInput(f"timer {name!r}: {when!r:.80} is no time; give a timedelta or a datetime")
        elif when < _ZERO:
            raise InvalidInput(
                f"timer {name!r}: {when} is negative; a timer is due later, or at once with timedelta(0)"
            )
        elif when > LONGEST:
            raise InvalidInput(f"timer {name!r}: {when} is too long; give {LONGEST.days} days at most")
        return self._with(name, when)

    def cancel(self, name: str) -> Next[S_co]:
        """Take a timer back; nothing happens when it is not set.

        Raises:
            InvalidInput: no timer has such a name.
        """
        _check_name(name)
        return self._with(name, None)

    def end(self) -> Next[S_co]:
        """End the instance; its timers are cancelled."""
        return replace(self, ended=True)

    def _with(self, name: str, when: When | None) -> Next[S_co]:
        return replace(self, timers=tuple(sorted({**dict(self.timers), name: when}.items(), key=lambda one: one[0])))


class Ignored(Struct, frozen=True):
    """The event changes nothing in this state; it is noted in the journal. Without an instance, it waits for one."""


IGNORE: Final = Ignored()
"""What a process returns for an event that does not concern it now."""


NO_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""When a timer was due of which a test does not say."""


class TimerDue(Struct, frozen=True, kw_only=True):
    """The time of a timer has come, and everything that was recorded before it was handed in.

    Args:
        name: of the timer.
        due: when it was due. An app always says; a test may leave it out, and `leftfold.testing.given` puts in what
            the process has set the timer to.
    """

    name: str
    due: datetime = NO_TIME


class CommandRefused(Struct, frozen=True, kw_only=True):
    """A command that the instance has sent was refused, and will not be carried out.

    Args:
        command: its name.
        error: name of the class of the error.
        fields: of the error, by name.
    """

    command: str
    error: str
    fields: Mapping[str, object]


def _check_name(name: str) -> None:
    if flaw := name_flaw(name):
        raise InvalidInput(f"timer {name!r:.80} {flaw}")
    if MARK in name:
        raise InvalidInput(f"timer {name!r:.80} holds {MARK!r}, which stands before it in its id; leave it out")


def _check_command(given: object) -> None:
    if not isinstance(given, Command):
        raise InvalidInput(f"send({given!r:.80}): it is no command; give a value of a class derived from Command")

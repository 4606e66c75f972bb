"""Deciding and carrying out: conflicts, ids, commands and queries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from leftfold.errors.root import LeftfoldError

__all__ = [
    "AlreadyExists",
    "CommandIdReused",
    "ConditionFailed",
    "Conflict",
    "Forbidden",
    "IdReused",
    "KeyTaken",
    "NotFound",
    "ReadOnly",
    "UnknownCommand",
    "UnknownQuery",
    "UnreadableAnswer",
]


class Conflict(LeftfoldError):
    """The stream is not where the writer expected it; nothing was stored.

    Load the stream again, decide again, append again.
    """

    def __init__(self, stream: str, expected: int | str, actual: int) -> None:
        self.stream = stream
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"stream {stream!r} is at version {actual}, expected {expected}; nothing was stored. "
            "Load it again and decide again."
        )


class ConditionFailed(LeftfoldError):
    """An event that the append condition excludes exists after its position; nothing was stored.

    Read the decision's events again and decide again.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        super().__init__(
            f"an event matching the append condition was stored after position {position}; nothing was stored. "
            "Read again and decide again."
        )


class IdReused(LeftfoldError):
    """An event id is already stored with other events; nothing was stored."""

    def __init__(self, id: UUID, stream: str, version: int) -> None:
        self.id = id
        self.stream = stream
        self.version = version
        super().__init__(
            f"event id {id} is already stored in stream {stream!r} at version {version} with other content; "
            "nothing was stored. Repeat an append with exactly the same events, or use new ids."
        )


class CommandIdReused(LeftfoldError):
    """A command id was given to another command, or to one with other content; nothing was done.

    Args:
        command: name of the command that had the id first.
    """

    def __init__(self, id: str, command: str) -> None:
        self.id = id
        self.command = command
        super().__init__(
            f"command id {id!r:.80} belongs to a {command!r} with other content; nothing was done. Send exactly the "
            "same command again, or give this one an id of its own"
        )


class _Unknown(LeftfoldError):
    _kind = "request"

    def __init__(self, name: str, near: Sequence[str] = (), advice: str = "Register a handler for it") -> None:
        self.name = name
        self.near: tuple[str, ...] = tuple(near)
        did_you = f"; near: {', '.join(map(repr, self.near))}" if self.near else ""
        super().__init__(f"nothing here handles the {self._kind} {name!r:.80}{did_you}. {advice}")


class UnknownCommand(_Unknown):
    """No handler is registered for a command, or no command has this name."""

    _kind = "command"


class UnknownQuery(_Unknown):
    """No handler is registered for a query, or no query has this name."""

    _kind = "query"


class Forbidden(LeftfoldError):
    """Whoever asked may not send this command or ask this query; nothing was done."""

    def __init__(self, name: str, actor: str | None) -> None:
        self.name = name
        self.actor = actor
        who = "whoever asks without a name" if actor is None else repr(actor)
        super().__init__(f"{who} is not allowed {name!r}; nothing was done")


class UnreadableAnswer(LeftfoldError):
    """A command with this id was carried out before, and this code cannot read its answer; nothing was done now."""

    def __init__(self, id: str, command: str, reason: str) -> None:
        self.id = id
        self.command = command
        self.reason = reason
        super().__init__(f"command {command!r} with id {id!r:.80} was carried out before; its answer: {reason}")


class KeyTaken(LeftfoldError):
    """A row that must be new is there already; nothing was stored. Read it."""

    def __init__(self, table: str, key: str) -> None:
        self.table = table
        self.key = key
        super().__init__(f"table {table!r} has a row {key!r:.80} already; nothing was stored")


class AlreadyExists(LeftfoldError):
    """What a command was to begin is there already; nothing was stored.

    Args:
        version: of the stream, above 0.
    """

    def __init__(self, stream: str, version: int) -> None:
        self.stream = stream
        self.version = version
        super().__init__(
            f"stream {stream!r} is there already, at version {version}, and the command begins a new one; nothing was "
            "stored. Give what is new an id of its own"
        )


class NotFound(LeftfoldError):
    """There is no such stream, or there was none at the time that was asked for."""

    def __init__(self, stream: str, when: str = "now") -> None:
        self.stream = stream
        self.when = when
        super().__init__(f"stream {stream!r} has no events" + (f" as of {when}" if when != "now" else ""))


class ReadOnly(LeftfoldError):
    """An aggregate that was only loaded, or whose unit of work has ended, was asked to record an event."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(
            f"{stream!r} was loaded for reading, or its unit of work has ended, so nothing it records would be stored. "
            "Use `repository.edit(id, method, ...)` or work inside a unit of work."
        )

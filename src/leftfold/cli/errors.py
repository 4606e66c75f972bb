"""Errors that only a command line has."""

from __future__ import annotations

from leftfold.errors import AccessDenied, LeftfoldError, RestoreMismatch, StoreUnavailable

__all__ = [
    "AnotherLog",
    "BrokenOff",
    "FoldFailed",
    "InvalidLogFile",
    "LogFileChanged",
    "Refused",
    "UsageError",
]


class UsageError(LeftfoldError):
    """The command line asks for something that cannot be done; nothing was."""


class Refused(LeftfoldError):
    """What a command or query is about is not there, so the domain refused it; nothing was done."""


class AnotherLog(LeftfoldError):
    """The log to import neither continues nor repeats the log of the store; what differs was not stored.

    Args:
        name: of the file.
        mismatch: where the two part.
    """

    def __init__(self, name: str, mismatch: RestoreMismatch) -> None:
        self.name = name
        self.mismatch = mismatch
        super().__init__(
            f"{name}, line {mismatch.position + 1:,}: this is not the log that the store holds: {mismatch.reason}. "
            "Import it into an empty store"
        )


class BrokenOff(LeftfoldError):
    """A store took no more of what is imported or moved; what it had taken stays, and the same verb goes on there.

    Args:
        done: what was to be done with the events, as in `were moved`.
        stored: how many events are stored.
        events: how many there are.
        error: what the store said of those that came next.
    """

    def __init__(self, done: str, stored: int, events: int, error: StoreUnavailable | AccessDenied) -> None:
        self.stored = stored
        self.events = events
        super().__init__(
            f"{stored:,} of {events:,} events {done}, and are stored; run the same again, and it goes on there. With "
            f"those after them: {error}"
        )


class FoldFailed(LeftfoldError):
    """The app's own code raised when it was given an event to fold; what it raised is kept as the cause.

    Args:
        stream: where the event is.
        version: of the event, counted from 1.
        fold: the module and name of the function that raised.
        error: what it raised.
    """

    def __init__(self, stream: str, version: int, fold: str, error: Exception) -> None:
        self.stream = stream
        self.version = version
        self.fold = fold
        super().__init__(
            f"stream {stream!r} version {version}: the fold {fold} raised {type(error).__name__}: {error}. "
            "Mend the fold"
        )


class InvalidLogFile(LeftfoldError):
    """A file is not the export of a log; nothing of it was stored.

    Args:
        name: of the file.
        findings: what is wrong, a sentence each, with the number of the line, counted from 1.
    """

    def __init__(self, name: str, *findings: str) -> None:
        self.name = name
        self.findings: tuple[str, ...] = findings
        super().__init__("\n".join((f"{name} cannot be imported; nothing of it was stored", *findings)))


class LogFileChanged(LeftfoldError):
    """A file was changed between being checked and being imported; what came before the change is stored.

    Args:
        line: number of the line, counted from 1.
    """

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line:,} was changed while the file was imported; import it again once it is whole")

"""Errors that only a command line has."""

from __future__ import annotations

from leftfold.errors import AccessDenied, LeftfoldError, RestoreMismatch, StoreUnavailable

__all__ = [
    "AnotherLog",
    "FoldFailed",
    "ImportBroken",
    "InvalidLogFile",
    "LogFileChanged",
    "MoveBroken",
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


class ImportBroken(StoreUnavailable):
    """The store took no more of a log that is imported; what it had taken before stays, and an import goes on there.

    Args:
        name: of the file.
        stored: how many events of the log are stored, from its first on.
        events: how many the log has.
        error: what the store said of those that came next.
    """

    def __init__(self, name: str, stored: int, events: int, error: StoreUnavailable | AccessDenied) -> None:
        self.name = name
        self.stored = stored
        self.events = events
        super().__init__(
            f"{name} was imported up to event {stored:,} of {events:,}, and these are stored; import it again, and it "
            f"goes on there. With the events after them: {error}"
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


class MoveBroken(StoreUnavailable):
    """A store took no more of what is moved; what was moved before stays, and a move goes on there.

    Args:
        moved: how many events of all logs are in the new stores.
        events: how many there are.
        error: what a store said of what came next.
    """

    def __init__(self, moved: int, events: int, error: StoreUnavailable | AccessDenied) -> None:
        self.moved = moved
        self.events = events
        super().__init__(
            f"{moved:,} of {events:,} events were moved, and are stored; move again, and it goes on there. With what "
            f"comes after them: {error}"
        )

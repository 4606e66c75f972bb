"""Errors that only a command line has."""

from __future__ import annotations

from leftfold.errors import LeftfoldError, RestoreMismatch

__all__ = ["AnotherLog", "InvalidLogFile", "LogFileChanged", "UsageError"]


class UsageError(LeftfoldError):
    """The command line asks for something that cannot be done; nothing was."""


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

"""What goes wrong at the borders between contexts."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = ["ExtraMissing", "InvalidBaseline", "InvalidObservation", "NotRelated"]


class ExtraMissing(LeftfoldError):
    """A package that is not installed is needed; nothing was done. Install the extra that brings it."""

    def __init__(self, extra: str, package: str, purpose: str) -> None:
        self.extra = extra
        self.package = package
        self.purpose = purpose
        super().__init__(f"{purpose} needs {package}, which is not installed: pip install 'leftfold[{extra}]'")


class NotRelated(LeftfoldError):
    """The context map does not allow what one context wanted of another; nothing was done.

    Declare a relation that allows it, or leave it.

    Args:
        context: who wanted it.
        other: of whom.
        command: the name of the command that was not sent.
        reason: what the map says.
    """

    def __init__(self, context: str, other: str, command: str, reason: str) -> None:
        self.context = context
        self.other = other
        self.command = command
        self.reason = reason
        super().__init__(f"{context} may not send {command} to {other}: {reason}")


class InvalidBaseline(LeftfoldError):
    """A baseline cannot be read, or an entry of it says too little; the message names file and line.

    Args:
        findings: what is wrong, each with its place.
    """

    def __init__(self, *findings: str) -> None:
        self.findings: tuple[str, ...] = findings
        super().__init__("\n".join(findings))


class InvalidObservation(LeftfoldError):
    """A file is not what `leftfold context observe` writes; make it anew.

    Args:
        name: of the file.
        line: counted from 1.
        reason: what is wrong there.
    """

    def __init__(self, name: str, line: int, reason: str) -> None:
        self.name = name
        self.line = line
        self.reason = reason
        super().__init__(f"{name}:{line}: {reason}; make it anew: leftfold context observe --output {name}")

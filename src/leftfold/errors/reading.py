"""Stored events, and messages of others, that this code cannot read."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = [
    "DamagedPayload",
    "UnknownEventType",
    "UnknownMessageType",
    "UnknownSchemaVersion",
    "UnreadableEvent",
    "UnreadableMessage",
    "UnsupportedVersion",
    "UpcastFailed",
]


class UnreadableEvent(LeftfoldError):
    """A stored event cannot be read by this code; nothing is skipped."""

    def __init__(self, stream: str, version: int, type: str, schema_version: int, reason: str) -> None:
        self.stream = stream
        self.version = version
        self.type = type
        self.schema_version = schema_version
        self.reason = reason
        super().__init__(f"stream {stream!r} version {version}, event {type!r} v{schema_version}: {reason}")


class UnknownEventType(UnreadableEvent):
    """The stored type name belongs to no registered event class."""


class UnknownSchemaVersion(UnreadableEvent):
    """The type is registered, but not in this schema version."""


class DamagedPayload(UnreadableEvent):
    """The payload does not decode into the registered class."""


class UpcastFailed(UnreadableEvent):
    """An upcast raised, or returned what it does not declare, or an event whose fields are not of their types.

    What it raised is kept as the cause. Mend the upcast.

    Args:
        function: qualified name of the upcast.
    """

    def __init__(self, stream: str, version: int, type: str, schema_version: int, function: str, reason: str) -> None:
        self.function = function
        super().__init__(stream, version, type, schema_version, f"upcast {function} {reason}. Mend the upcast")


class UnreadableMessage(LeftfoldError):
    """A message from another context is well-formed, and this code does not know what it says; it is not guessed."""

    def __init__(self, type: str, reason: str) -> None:
        self.type = type
        self.reason = reason
        super().__init__(f"message {type!r:.80}: {reason}")


class UnknownMessageType(UnreadableMessage):
    """The type belongs to no message that is supported here.

    Args:
        known: the types that are supported, sorted.
    """

    def __init__(self, type: str, known: tuple[str, ...]) -> None:
        self.known = known
        types = ", ".join(map(repr, known)) or "none"
        super().__init__(type, f"it is of no supported type ({types}). Support it, or do not subscribe to it")


class UnsupportedVersion(UnreadableMessage):
    """The type is supported, but not in this version.

    Args:
        version: the version of the message, counted from 1.
        supported: the versions that are supported, in ascending order.
    """

    def __init__(self, type: str, version: int, supported: tuple[int, ...]) -> None:
        self.version = version
        self.supported = supported
        versions = ", ".join(f"v{number}" for number in supported) or "none"
        newer = version > max(supported, default=0)
        advice = "Deploy code that reads it" if newer else "Ask its publisher for a version that is supported"
        super().__init__(type, f"version {version} is not supported, only {versions}. {advice}")

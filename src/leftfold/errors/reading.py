"""Stored events that this code cannot read."""

from __future__ import annotations

from leftfold.errors.root import LeftfoldError

__all__ = ["DamagedPayload", "UnknownEventType", "UnknownSchemaVersion", "UnreadableEvent", "UpcastFailed"]


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
    """An upcast raised, or returned what it does not declare; what it raised is kept as the cause. Mend the upcast.

    Args:
        function: qualified name of the upcast.
    """

    def __init__(self, stream: str, version: int, type: str, schema_version: int, function: str, reason: str) -> None:
        self.function = function
        super().__init__(stream, version, type, schema_version, f"upcast {function} {reason}. Mend the upcast")

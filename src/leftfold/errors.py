"""The error tree.

::

    LeftfoldError
    ├── DefinitionError            a class, registry, decider or lock is wrong: mend the code
    ├── InvalidInput               what was handed in cannot be stored: mend the call
    │   ├── InvalidStreamName, InvalidTag, InvalidQuery
    │   ├── InvalidAppend          no events, an id twice, a stream twice
    │   ├── InvalidPayload         not JSON, NUL, lone surrogate, NaN, no codec for the value
    │   ├── TooLarge               above a named limit
    │   └── InvalidStoreUrl
    ├── Conflict                   the stream is not at the expected version: load again and decide again
    ├── ConditionFailed            an event matching the append condition exists: read again and decide again
    ├── IdReused                   the id is stored with other events: use a new id
    ├── NotFound                   no such stream or aggregate
    ├── ReadOnly                   record() on an aggregate that was only loaded
    ├── UnreadableEvent            a stored event this code cannot read
    │   ├── UnknownEventType, UnknownSchemaVersion, DamagedPayload, UpcastFailed
    └── StoreError                 the machine below
        ├── StoreUnavailable       nothing was stored; may be tried again
        │   ├── StoreBusy, StoreFull, StoreClosed
        ├── OutcomeUnknown         stored or not: send the same ids again
        ├── AppendRefused          the database refused this append; nothing was stored
        ├── SchemaMismatch         not migrated, or newer than this code
        └── RestoreMismatch        the log to restore does not continue the log that is here

A business "no" is a `leftfold.domain.DomainError` and no part of this tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

__all__ = [
    "AppendRefused",
    "ConditionFailed",
    "Conflict",
    "DamagedPayload",
    "DefinitionError",
    "IdReused",
    "InvalidAppend",
    "InvalidInput",
    "InvalidPayload",
    "InvalidQuery",
    "InvalidStoreUrl",
    "InvalidStreamName",
    "InvalidTag",
    "LeftfoldError",
    "NotFound",
    "OutcomeUnknown",
    "ReadOnly",
    "RestoreMismatch",
    "SchemaMismatch",
    "StoreBusy",
    "StoreClosed",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "TooLarge",
    "UnknownEventType",
    "UnknownSchemaVersion",
    "UnreadableEvent",
    "UpcastFailed",
]


class LeftfoldError(Exception):
    """Any error that Leftfold raises about its own use or the machines below it."""


class DefinitionError(LeftfoldError):
    """A message, aggregate, decider, registry or lock is declared wrongly; the message lists every finding."""

    def __init__(self, *findings: str) -> None:
        self.findings: tuple[str, ...] = findings
        super().__init__("\n".join(findings))


class InvalidInput(LeftfoldError, ValueError):
    """What was handed in cannot be stored; nothing was."""


class InvalidStreamName(InvalidInput):
    """A stream name is empty, too long, or holds NUL or a lone surrogate."""

    def __init__(self, stream: str, reason: str) -> None:
        self.stream = stream
        self.reason = reason
        super().__init__(f"stream name {stream!r:.80}: {reason}")


class InvalidTag(InvalidInput):
    """A tag is empty, too long, or holds NUL or a lone surrogate."""

    def __init__(self, tag: str, reason: str) -> None:
        self.tag = tag
        self.reason = reason
        super().__init__(f"tag {tag!r:.80}: {reason}")


class InvalidQuery(InvalidInput):
    """A read or an append condition asks for something that cannot be answered."""


class InvalidAppend(InvalidInput):
    """An append has no events, or names an id or a stream twice."""


class InvalidPayload(InvalidInput):
    """A value cannot be written as the JSON every store keeps, or bytes are not such JSON."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"{what}: {reason}")


class TooLarge(InvalidInput):
    """Something is above a named limit; the message names it."""

    def __init__(self, what: str, size: int, limit: int, name: str) -> None:
        self.what = what
        self.size = size
        self.limit = limit
        self.name = name
        super().__init__(f"{what} is {size:,}; {name} allows {limit:,}. Split it, or keep large content elsewhere.")


class InvalidStoreUrl(InvalidInput):
    """A store URL is not of a form this installation can open."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"store URL {url!r}: {reason}")


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


class NotFound(LeftfoldError):
    """There is no such stream, or there was none at the time that was asked for."""

    def __init__(self, stream: str, when: str = "now") -> None:
        self.stream = stream
        self.when = when
        super().__init__(f"stream {stream!r} has no events" + (f" as of {when}" if when != "now" else ""))


class ReadOnly(LeftfoldError):
    """An aggregate that was only loaded was asked to record an event."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(
            f"{stream!r} was loaded for reading, so nothing it records would be stored. "
            "Use `await repository.edit(id, method, ...)` or work inside a unit of work."
        )


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


class StoreError(LeftfoldError):
    """The store could not do its work."""


class StoreUnavailable(StoreError):
    """The store did not answer or did not accept work; nothing was stored; it may be tried again."""


class StoreBusy(StoreUnavailable):
    """Other writers held the store past the deadline; nothing was stored."""


class StoreFull(StoreUnavailable):
    """The disk below the store is full; nothing was stored."""


class StoreClosed(StoreUnavailable):
    """The store was closed, or not opened yet."""


class OutcomeUnknown(StoreError):
    """The connection broke and the deadline passed before the outcome of an append was known.

    Append the same events with the same ids again: what was stored is then reported, what was not is stored.
    """

    def __init__(self, ids: Sequence[UUID], reason: str) -> None:
        self.ids: tuple[UUID, ...] = tuple(ids)
        self.reason = reason
        super().__init__(
            f"the outcome of an append is unknown ({reason}). Append the same events with the same ids again; "
            f"first id {self.ids[0] if self.ids else None}"
        )


class AppendRefused(StoreError):
    """The database refused an append by itself; nothing of it was stored, its neighbours were."""

    def __init__(self, reason: str, code: str | None = None) -> None:
        self.reason = reason
        self.code = code
        super().__init__(f"the database refused the append: {reason}" + (f" ({code})" if code else ""))


class SchemaMismatch(StoreError):
    """The database's schema is missing, older or newer than this code can work with.

    Args:
        found: schema version of the database, 0 when there is none.
        needed: schema version this code works with.
    """

    def __init__(self, found: int, needed: int, advice: str) -> None:
        self.found = found
        self.needed = needed
        super().__init__(f"the database has store schema {found}, this code works with {needed}. {advice}")


class RestoreMismatch(StoreError):
    """A log to restore does not continue or repeat the log that is here; nothing of it was stored."""

    def __init__(self, position: int, reason: str) -> None:
        self.position = position
        self.reason = reason
        super().__init__(f"position {position}: {reason}")

"""The machine below could not do its work."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from leftfold.errors.root import LeftfoldError

__all__ = [
    "AccessDenied",
    "AppendRefused",
    "OutcomeUnknown",
    "RestoreMismatch",
    "SchemaMismatch",
    "StoreBusy",
    "StoreClosed",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "TableMismatch",
    "TableMissing",
]


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


class AccessDenied(StoreError):
    """The database or file does not let this role do it; nothing was stored, and trying again does not help.

    Args:
        reason: what was refused, and where.
        advice: what to do, a sentence.
        code: what the database calls it.
    """

    def __init__(self, reason: str, advice: str, code: str | None = None) -> None:
        self.reason = reason
        self.advice = advice
        self.code = code
        super().__init__(f"{reason}" + (f" ({code})" if code else "") + f". Nothing was stored; {advice}")


class OutcomeUnknown(StoreError):
    """The connection broke, and the outcome of a write cannot be known, or was not when the deadline passed.

    Append the same events with the same ids again: what was stored is then reported, what was not is stored. Where
    there are no events, look at what is stored, and decide again.

    Args:
        ids: of the events; none of a write that has none.
    """

    def __init__(self, ids: Sequence[UUID], reason: str) -> None:
        self.ids: tuple[UUID, ...] = tuple(ids)
        self.reason = reason
        what, advice = "a write", "Look at what is stored, and decide again"
        if self.ids:
            what, advice = "an append", f"Append the same events with the same ids again; first id {self.ids[0]}"
        super().__init__(f"the outcome of {what} is unknown ({reason}). {advice}")


class AppendRefused(StoreError):
    """The database refused an append by itself; nothing of it was stored, its neighbours were."""

    def __init__(self, reason: str, code: str | None = None) -> None:
        self.reason = reason
        self.code = code
        super().__init__(f"the database refused the append: {reason}" + (f" ({code})" if code else ""))


class TableMissing(StoreError):
    """There is no such table, or none of its generations is active yet.

    Args:
        generation: the one that was asked for; None for the active one.
    """

    def __init__(self, table: str, version: int, generation: int | None) -> None:
        self.table = table
        self.version = version
        self.generation = generation
        which = "no active generation" if generation is None else f"no generation {generation}"
        super().__init__(
            f"table {table!r} version {version} has {which} here; a worker or `leftfold rebuild` builds it"
        )


class TableMismatch(StoreError):
    """A table of the same name and version is there with another shape; give the changed one another version."""

    def __init__(self, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"table {table!r} version {version} is there with other columns, indexes or search; nothing was changed. "
            f"Give what changed version={version + 1}"
        )


class SchemaMismatch(StoreError):
    """The database's schema is missing, older or newer than this code can work with.

    Args:
        found: schema version of the database, 0 when there is none.
        needed: schema version this code works with.
    """

    def __init__(self, found: int, needed: int, advice: str) -> None:
        self.found = found
        self.needed = needed
        versions = f"the database has store schema {found}, this code works with {needed}. "
        super().__init__(f"{versions if found else ''}{advice}")


class RestoreMismatch(StoreError):
    """A log to restore does not continue or repeat the log that is here; nothing of it was stored."""

    def __init__(self, position: int, reason: str) -> None:
        self.position = position
        self.reason = reason
        super().__init__(f"position {position}: {reason}")

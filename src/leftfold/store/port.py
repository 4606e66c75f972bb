"""The port: what every store promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from leftfold.store.checkpoints import Checkpoints
from leftfold.store.events import AppendCondition, Appended, Fact, Page, QueryItem, StoredEvent, ToStream
from leftfold.store.snapshots import SnapshotStore
from leftfold.store.tables import Tables
from leftfold.store.timeline import Timeline
from leftfold.store.transaction import Transacting
from leftfold.store.work import WorkItem, WorkItems

__all__ = ["Indexed", "Restorable", "Store", "WrongTag"]


class Store(Timeline, SnapshotStore, Transacting, Tables, Checkpoints, WorkItems, Protocol):
    """An append-only log of events in streams, ordered as a whole by one integer position.

    Small ports in one: the log is here, its moments are in `Timeline`, snapshots in `SnapshotStore`; rows beside the
    log are read by `Tables` and written, with events or without, by `Transacting`; `Checkpoints` keeps how far
    followers are, `WorkItems` what goes on over time.
    All methods may raise `StoreUnavailable` (nothing was stored; try again), `AccessDenied` and `StoreClosed`.
    A store belongs to the event loop that opened it.
    """

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """Store the events of all *parts* in one atomic step, or nothing.

        The append is durable when this returns. Its identity is the id of its first event: an append whose id is
        stored already stores nothing and returns the first result, whatever version it expects now; so does one that
        is only the beginning of what was stored, since a log does not keep where an append ended. Versions and
        positions start at 1 and have no gaps. Appends that arrive together may share a commit; each gets its own
        verdict. If the connection breaks, the same ids are sent again until the store's deadline. Cancelling the
        caller does not take back what is on its way.

        Args:
            parts: at least one, each with at least one event, no stream twice.
            condition: refuse everything if an event matching it exists.

        Returns:
            Position, versions and time of what is now stored.

        Raises:
            Conflict: a stream is not at the expected version. Load again and decide again.
            ConditionFailed: an event matching *condition* exists. Read again and decide again.
            IdReused: an id is stored with other events. Use a new one.
            InvalidInput: an event, name or tag cannot be stored. Mend the call.
            AppendRefused: the database refused it. The message has its reason.
            OutcomeUnknown: the deadline passed after a broken connection. Append the same ids again.

        Source: Young 2010, "CQRS Documents", chapter "Building an Event Storage".
        """
        ...

    async def read_stream(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[StoredEvent]:
        """Read at most *limit* events of one stream with a version above *after* and at most *upto*.

        Args:
            after: a version; 0 reads from the first event.
            upto: a version, included; None means the last.
            backward: newest first.
            limit: 1 or more.

        Returns:
            A whole page, in version order (reversed when *backward*); empty when there is no such event.

        Raises:
            InvalidQuery: a negative bound, or a limit below 1.
        """
        ...

    async def read_facts(
        self, stream: str, *, after: int = 0, upto: int | None = None, valid: datetime | None = None, limit: int = 500
    ) -> Sequence[Fact]:
        """Read like `read_stream`, only what a fold needs: version, type, schema version and payload.

        Args:
            valid: only events that happened at or before this time, which has a zone; None means all.

        Raises:
            InvalidQuery: a negative bound, a limit below 1, or a time without a zone.
        """
        ...

    async def read_log(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> Page:
        """Read at most *limit* events of the whole log with a position above *after* and at most *upto*.

        No event ever appears at or below a position that a page has reported. A filtered page may be empty and still
        have moved on: it looks at `SCAN_POSITIONS` positions at most. The end is reached when a page's position is
        the *after* that was asked for.

        Args:
            after: a position; 0 reads from the first event.
            upto: a position, included; None means the last.
            match: events that match one of these; empty means all.
            category: only streams of this category.
            limit: 1 or more.

        Raises:
            InvalidQuery: a negative bound, or a limit below 1.
        """
        ...

    async def head(self) -> int:
        """The position of the last event, 0 in an empty store."""
        ...

    async def wake(self, after: int, timeout: float) -> int:
        """Wait until the head is above *after*, or *timeout* seconds have passed.

        Returns:
            The head, which may still be *after*.

        Raises:
            InvalidQuery: *after* is no whole number, or *timeout* is no number.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of files and connections. May be called again."""
        ...


@runtime_checkable
class Restorable(Protocol):
    """An optional power of a store: take over what another store has kept, with its positions and times."""

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        """Store *events* exactly as they are, in one atomic step.

        Events up to the head must be the ones that are here already, by id and content; they are passed over, so a
        broken restore is simply repeated. Those above must continue the log without a gap.

        Returns:
            How many events were stored now.

        Raises:
            RestoreMismatch: another log is here, or positions, versions or times do not continue it.
        """
        ...

    async def restore_work(self, items: Sequence[WorkItem]) -> int:
        """Store work items exactly as they are, but held by nobody, in one atomic step.

        Those that are here already with the same token are passed over, so a broken restore is simply repeated. What
        was held is due when its lease ends.

        Returns:
            How many items were stored now.

        Raises:
            NotPossible: one is here with another token, so it goes on here already. Nothing was stored.
            InvalidInput, InvalidPayload, TooLarge: one cannot be stored. Nothing was stored.
        """
        ...


class WrongTag(Struct, frozen=True):
    """A tag by which an event is found or not, other than it should be.

    Args:
        position: of the event, or of none.
        tag: which one.
        lost: the event has it and is not found by it; otherwise it is found, or nothing is, and has it not.
    """

    position: int
    tag: str
    lost: bool


@runtime_checkable
class Indexed(Protocol):
    """An optional power of a store that keeps the tags of events in a table of their own."""

    async def wrong_tags(self) -> Sequence[WrongTag]:
        """Where that table is not what the events say, by position and tag; it reads all of both."""
        ...

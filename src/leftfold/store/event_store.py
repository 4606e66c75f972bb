"""A store that speaks event classes instead of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from msgspec import Struct

from leftfold.errors import InvalidStreamName, LeftfoldError
from leftfold.ids import new_id
from leftfold.messages.codec import Codec
from leftfold.messages.metadata import NO_METADATA, Metadata, dump_metadata, load_metadata
from leftfold.messages.recorded import RecordedEvent, RecordedPage
from leftfold.store.checks import check_range
from leftfold.store.events import AppendCondition, Appended, ExpectedVersion, NewEvent, QueryItem, StoredEvent, ToStream
from leftfold.store.following import Following, Unknown
from leftfold.store.port import Store
from leftfold.store.transaction import Inline, Transaction, Write

__all__ = ["Envelope", "EventStore", "metadata_of"]


class Envelope(Struct, frozen=True, kw_only=True):
    """An event with what is to be stored beside it.

    Args:
        event: of a registered class.
        id: give one to make an append repeatable from outside; a new one when left out.
        valid_at: when it happened, with a zone; when it is recorded, if left out.
        tags: names it is found by across streams.
        metadata: who, why, for which command.
    """

    event: object
    id: UUID | None = None
    valid_at: datetime | None = None
    tags: tuple[str, ...] = ()
    metadata: Metadata = NO_METADATA


class EventStore:
    """Appends and reads events as objects, through one codec.

    Args:
        store: where they are kept.
        codec: how they are written and read.
        inline: gives the rows that follow from an append and are written with it; None when there are none.
    """

    def __init__(
        self, store: Store, codec: Codec, inline: Callable[[Sequence[ToStream]], Sequence[Inline]] | None = None
    ) -> None:
        self._store = store
        self._codec = codec
        self._inline = inline
        self._refusal: LeftfoldError | None = None

    def refuse(self, reason: LeftfoldError) -> None:
        """Have every append raise *reason* from now on."""
        self._refusal = reason

    async def append(
        self,
        stream: str,
        *events: object,
        expected: ExpectedVersion,
        condition: AppendCondition | None = None,
    ) -> Appended:
        """Record *events* as fact at the end of one stream, all or none; see `Store.append` for what it promises.

        Args:
            stream: its name.
            events: of registered classes, bare or in an `Envelope`.
            expected: the version this decision was based on, or an `Expected`.
            condition: refuse everything if an event matching it exists.

        Raises:
            DefinitionError: the class of an event is not registered.
            Conflict, ConditionFailed, IdReused, InvalidInput, StoreError: see `Store.append`.
        """
        return await self.append_together(self.part(stream, *events, expected=expected), condition=condition)

    async def append_together(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """Record the events of several streams in one atomic step; make the parts with `part`."""
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)
        if self._inline is None:
            return await self._store.append(*parts, condition=condition)
        appended = await self.commit(*parts, condition=condition)
        assert appended is not None  # noqa: S101 - a transaction with events appends them
        return appended

    async def commit(
        self, *parts: ToStream, condition: AppendCondition | None = None, writes: Sequence[Write] = ()
    ) -> Appended | None:
        """Record events, or none, and write rows in one atomic step; see `Transacting.transact`."""
        if self._refusal is not None and parts:
            raise self._refusal.with_traceback(None)
        inline = self._inline(parts) if self._inline is not None and parts else ()
        return await self._store.transact(Transaction(parts=parts, condition=condition, writes=writes, inline=inline))

    def part(self, stream: str, *events: object, expected: ExpectedVersion) -> ToStream:
        """The part of an append that goes to one stream; nothing is stored yet."""
        written: list[NewEvent] = []
        metadata, dumped = NO_METADATA, dump_metadata(NO_METADATA)
        for event in events:
            envelope = event if isinstance(event, Envelope) else Envelope(event=event)
            if envelope.metadata is not metadata:  # the events of a command share theirs
                metadata = envelope.metadata
                dumped = dump_metadata(metadata)
            written.append(self._written(envelope, dumped))
        return ToStream(stream, expected, written)

    async def read(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> list[RecordedEvent[object]]:
        """Read events of one stream in the classes of today; see `Store.read_stream`.

        Args:
            limit: how many to return. Upcasts may drop an event, so reading goes on until there are so many or the
                range is at its end; and they may split one, whose parts all come, even above the limit.

        Returns:
            Fewer than *limit* only at the end of the range. Parts of one stored event have the same version, so ask
            on after the last one's version.

        Raises:
            UnreadableEvent: an event's type or version is unknown, its payload is damaged, or an upcast failed.
        """
        if not isinstance(cast("object", stream), str):
            raise InvalidStreamName(stream, "give its name, a text")
        check_range(after, upto, limit)
        events: list[RecordedEvent[object]] = []
        while True:
            count = limit - len(events)
            found = await self._store.read_stream(stream, after=after, upto=upto, backward=backward, limit=count)
            for stored in found:
                parts = self.recorded(stored)
                events.extend(reversed(parts) if backward else parts)
            if len(found) < count or len(events) >= limit:
                return events
            if backward:
                upto = found[-1].version - 1
            else:
                after = found[-1].version

    async def read_log(
        self,
        *,
        after: int = 0,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> RecordedPage:
        """Read at most *limit* stored events of the whole log, in the classes of today; see `Store.read_log`.

        *match* is about what is stored: an old name finds the events that were stored under it.

        Raises:
            UnreadableEvent: an event's type or version is unknown, its payload is damaged, or an upcast failed.
        """
        page = await self._store.read_log(after=after, match=match, category=category, limit=limit)
        return RecordedPage([part for event in page.events for part in self.recorded(event)], page.position)

    def follow(
        self,
        *,
        after: int = 0,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        unknown: Unknown = Unknown.WAIT,
    ) -> AsyncIterator[RecordedPage]:
        """Everything that is in the log and everything that will be, page by page, until cancelled.

        Nothing is skipped. Before an event that cannot be read, the pages end exactly there: the position of the last
        one is where code that can read it goes on. While a deployment rolls, old code meets events of newer code; a
        command on a stream that holds one raises the same error, and nothing is stored. A log that does not hold what
        was passed, as an older copy that is put back, ends them too.

        Args:
            after: a position; 0 begins with the first event.
            match: what is stored and matches one of these; empty means all.
            category: only streams of this category.
            unknown: what to do at an event of a type or version that this code does not know.

        Returns:
            Pages that each move on; one may have no events, when none matched up to its position.

        Raises:
            UnknownEventType, UnknownSchemaVersion: with `Unknown.STOP`, at such an event.
            DamagedPayload, UpcastFailed: at an event that no newer code is expected for.
            CheckpointMismatch: the log ends before *after*, or does not hold the event that the last page ended with.
            StoreClosed: the store was closed.
        """
        return Following(self._store, self.recorded, unknown).pages(after, match, category)

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        """The typed form of a stored event, in the classes of today: several when an upcast splits it, none when one
        drops it.

        Args:
            wanted: only what is of one of these classes; the payload of an event that cannot become one is not read.
                All when left out.

        Raises:
            UnreadableEvent: its type or version is unknown, its payload is damaged, or an upcast failed.
        """
        stream, version, type_, schema_version = stored.stream, stored.version, stored.type, stored.schema_version
        if wanted is not None:
            reader = self._codec.reader(type_, schema_version)
            if reader is not None and wanted.isdisjoint(reader.event_types):
                return ()
        events = self._codec.read(
            stored.data, stream=stream, version=version, type=type_, schema_version=schema_version
        )
        metadata = metadata_of(stored)
        return tuple(
            RecordedEvent(
                event=event,
                stream=stream,
                version=version,
                position=stored.position,
                id=stored.id,
                type=type_,
                schema_version=schema_version,
                occurred_at=stored.occurred_at,
                recorded_at=stored.recorded_at,
                metadata=metadata,
                tags=stored.tags,
                part=part,
            )
            for part, event in enumerate(events)
            if wanted is None or type(event) in wanted
        )

    def _written(self, envelope: Envelope, metadata: bytes) -> NewEvent:
        encoded = self._codec.encode(envelope.event, envelope.metadata)
        return NewEvent(
            id=envelope.id or new_id(),
            type=encoded.type,
            schema_version=encoded.schema_version,
            data=encoded.data,
            metadata=metadata,
            tags=envelope.tags,
            occurred_at=envelope.valid_at,
        )


def metadata_of(stored: StoredEvent) -> Metadata:
    """What is known about a stored event beside its content.

    Raises:
        DamagedPayload: it cannot be read; see `load_metadata`.
    """
    return load_metadata(
        stored.metadata,
        stream=stored.stream,
        version=stored.version,
        type=stored.type,
        schema_version=stored.schema_version,
    )

"""A store that speaks event classes instead of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from leftfold.ids import new_id
from leftfold.messages.codec import Codec
from leftfold.messages.metadata import NO_METADATA, Metadata, dump_metadata, load_metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.events import AppendCondition, Appended, ExpectedVersion, NewEvent, QueryItem, StoredEvent, ToStream
from leftfold.store.port import Store

__all__ = ["Envelope", "EventStore", "RecordedPage"]


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


class RecordedPage(Struct, frozen=True):
    """Events of a log read, and the position up to which it looked; see `Page`."""

    events: Sequence[RecordedEvent[object]]
    position: int


class EventStore:
    """Appends and reads events as objects, through one codec.

    Args:
        store: where they are kept.
        codec: how they are written and read.
    """

    def __init__(self, store: Store, codec: Codec) -> None:
        self._store = store
        self._codec = codec

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
        return await self._store.append(self.part(stream, *events, expected=expected), condition=condition)

    async def append_together(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """Record the events of several streams in one atomic step; make the parts with `part`."""
        return await self._store.append(*parts, condition=condition)

    def part(self, stream: str, *events: object, expected: ExpectedVersion) -> ToStream:
        """The part of an append that goes to one stream; nothing is stored yet."""
        return ToStream(stream, expected, [self._written(event) for event in events])

    async def read(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> list[RecordedEvent[object]]:
        """Read at most *limit* events of one stream; see `Store.read_stream`.

        Raises:
            UnreadableEvent: an event's type or version is unknown, or its payload is damaged.
        """
        found = await self._store.read_stream(stream, after=after, upto=upto, backward=backward, limit=limit)
        return [self.recorded(event) for event in found]

    async def read_log(
        self,
        *,
        after: int = 0,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> RecordedPage:
        """Read at most *limit* events of the whole log; see `Store.read_log`.

        Raises:
            UnreadableEvent: an event's type or version is unknown, or its payload is damaged.
        """
        page = await self._store.read_log(after=after, match=match, category=category, limit=limit)
        return RecordedPage([self.recorded(event) for event in page.events], page.position)

    def recorded(self, stored: StoredEvent) -> RecordedEvent[object]:
        """The typed form of a stored event."""
        stream, version, type_, schema_version = stored.stream, stored.version, stored.type, stored.schema_version
        return RecordedEvent(
            event=self._codec.decode(
                stored.data, stream=stream, version=version, type=type_, schema_version=schema_version
            ),
            stream=stream,
            version=version,
            position=stored.position,
            id=stored.id,
            type=type_,
            schema_version=schema_version,
            occurred_at=stored.occurred_at,
            recorded_at=stored.recorded_at,
            metadata=load_metadata(
                stored.metadata, stream=stream, version=version, type=type_, schema_version=schema_version
            ),
            tags=stored.tags,
        )

    def _written(self, event: object) -> NewEvent:
        envelope = event if isinstance(event, Envelope) else Envelope(event=event)
        encoded = self._codec.encode(envelope.event, envelope.metadata)
        return NewEvent(
            id=envelope.id or new_id(),
            type=encoded.type,
            schema_version=encoded.schema_version,
            data=encoded.data,
            metadata=dump_metadata(envelope.metadata),
            tags=envelope.tags,
            occurred_at=envelope.valid_at,
        )

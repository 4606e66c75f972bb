"""A subscription: who follows which log, in how many parts."""

from __future__ import annotations

from typing import Protocol
from zlib import crc32

from msgspec import Struct

from leftfold.clock import Clock
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.events import StoredEvent
from leftfold.store.names import category_of
from leftfold.store.port import Store
from leftfold.subscriptions.policy import Policy

__all__ = ["Part", "Reader", "Source", "Subscription", "shard_of"]


class Reader(Protocol):
    """Reads stored events."""

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        """What a stored event reads as today: one event, several, or none; see `EventStore.recorded`."""
        ...


class Source(Struct, frozen=True):
    """A log that is followed.

    Args:
        store: where it is.
        events: how its events are read: an `EventStore`, or what another context publishes of it.
        categories: of the streams that are looked at, when others share the store; None for all.
    """

    store: Store
    events: Reader
    categories: frozenset[str] | None = None

    def holds(self, stream: str) -> bool:
        """Whether *stream* is looked at."""
        return self.categories is None or category_of(stream) in self.categories


class Subscription(Struct, frozen=True, kw_only=True):
    """Who follows which log, and where the checkpoint and what is written are kept.

    Args:
        name: unique among those with the same target.
        source: the log.
        target: where its checkpoints are; another store than the log's for a view of another context's events.
        shards: how many parts it has, 1 to 64; the events of one stream are always in the same part.
        policy: what becomes of an event that cannot be handled.
        clock: says when something is tried again.
        acts: whether handling an event has an effect outside, so that what was done is noted soon, or it is done again.
    """

    name: str
    source: Source
    target: Store
    clock: Clock
    shards: int = 1
    policy: Policy = Policy()
    acts: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its parts."""
        return tuple(Part(self, number) for number in range(self.shards))


class Part(Struct, frozen=True):
    """One part of a subscription, followed by one worker at a time.

    Args:
        number: from 0.
    """

    subscription: Subscription
    number: int

    @property
    def checkpoint(self) -> str:
        """The name of its checkpoint."""
        return f"{self.subscription.name}/{self.number}.{self.subscription.shards}"

    def holds(self, stream: str) -> bool:
        """Whether the events of *stream* are in this part."""
        shards = self.subscription.shards
        if not self.subscription.source.holds(stream):
            return False
        return shards == 1 or shard_of(stream, shards) == self.number


def shard_of(stream: str, shards: int) -> int:
    """The number of the part that the events of *stream* are in, of so many."""
    return crc32(stream.encode()) % shards

"""What is remembered: the port of the log and its laws, and the reference store.

In: new events for streams. Out: stored events, in stream order and in log order.
May import: messages, ids, clock, errors.
"""

from leftfold.store.event_store import Envelope, EventStore
from leftfold.store.events import (
    AppendCondition,
    Appended,
    Expected,
    ExpectedVersion,
    Fact,
    NewEvent,
    Page,
    QueryItem,
    StoredEvent,
    ToStream,
)
from leftfold.store.following import Unknown
from leftfold.store.memory import MemoryStore
from leftfold.store.memory_log import MemoryLog
from leftfold.store.names import StreamName, category_of
from leftfold.store.port import Restorable, Store
from leftfold.store.schema import Migration, SchemaAdmin, SchemaStatus
from leftfold.store.snapshots import Snapshot, SnapshotKey, SnapshotStore, digest_of
from leftfold.store.timeline import StreamHead, Timeline

__all__ = [
    "AppendCondition",
    "Appended",
    "Envelope",
    "EventStore",
    "Expected",
    "ExpectedVersion",
    "Fact",
    "MemoryLog",
    "MemoryStore",
    "Migration",
    "NewEvent",
    "Page",
    "QueryItem",
    "Restorable",
    "SchemaAdmin",
    "SchemaStatus",
    "Snapshot",
    "SnapshotKey",
    "SnapshotStore",
    "Store",
    "StoredEvent",
    "StreamHead",
    "StreamName",
    "Timeline",
    "ToStream",
    "Unknown",
    "category_of",
    "digest_of",
]

"""What is remembered: the port of the log and its laws, and the reference store.

In: new events for streams. Out: stored events, in stream order and in log order.
May import: messages, ids, clock, errors.
"""

from leftfold.store.checkpoints import Checkpoint, Claim
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
from leftfold.store.port import Indexed, Restorable, Store, WrongTag
from leftfold.store.schema import Migration, SchemaAdmin, SchemaStatus
from leftfold.store.snapshots import Snapshot, SnapshotKey, SnapshotStore, digest_of
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.timeline import StreamHead, Timeline
from leftfold.store.transaction import Advance, Delete, Inline, Insert, Point, Put, Rest, Transaction
from leftfold.store.work import AT_ONCE, KEEP, Begin, End, Hold, Keep, Revise, WorkItem

__all__ = [
    "AT_ONCE",
    "KEEP",
    "Advance",
    "AppendCondition",
    "Appended",
    "Begin",
    "Checkpoint",
    "Claim",
    "Column",
    "ColumnType",
    "Compare",
    "Delete",
    "End",
    "Envelope",
    "EventStore",
    "Expected",
    "ExpectedVersion",
    "Fact",
    "Hold",
    "Indexed",
    "Inline",
    "Insert",
    "Keep",
    "MemoryLog",
    "MemoryStore",
    "Migration",
    "NewEvent",
    "Page",
    "Point",
    "Put",
    "QueryItem",
    "Rest",
    "Restorable",
    "Revise",
    "SchemaAdmin",
    "SchemaStatus",
    "Selection",
    "Snapshot",
    "SnapshotKey",
    "SnapshotStore",
    "Store",
    "StoredEvent",
    "StreamHead",
    "StreamName",
    "Table",
    "Timeline",
    "ToStream",
    "Transaction",
    "Unknown",
    "Where",
    "WorkItem",
    "WrongTag",
    "category_of",
    "digest_of",
]

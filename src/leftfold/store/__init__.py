"""What is remembered: the port of the log and its laws, and the reference store.

In: new events for streams. Out: stored events, in stream order and in log order.
May import: messages, ids, clock, errors.
"""

from leftfold.store.event_store import Envelope, EventStore, RecordedPage
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
from leftfold.store.memory import MemoryLog, MemoryStore
from leftfold.store.names import StreamName, category_of
from leftfold.store.port import Restorable, Store
from leftfold.store.schema import Migration, SchemaAdmin, SchemaStatus

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
    "RecordedPage",
    "Restorable",
    "SchemaAdmin",
    "SchemaStatus",
    "Store",
    "StoredEvent",
    "StreamName",
    "ToStream",
    "category_of",
]

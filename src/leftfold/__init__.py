"""Leftfold: event-sourced, domain-driven systems, from one process on SQLite to many services.

What most programs need is here; each room has more. Nothing here loads an extra.
"""

from leftfold.app import App, SyncApp
from leftfold.clock import Clock, SystemClock
from leftfold.domain.aggregate import Aggregate, applies
from leftfold.domain.decider import Decider
from leftfold.domain.errors import DomainError
from leftfold.domain.money import Money
from leftfold.errors import Conflict, DefinitionError, LeftfoldError, NotFound, StoreUnavailable
from leftfold.handling.keeping import Snapshots
from leftfold.handling.moments import AsOf
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import Repository
from leftfold.handling.unit_of_work import UnitOfWork
from leftfold.messages.event import Event, event
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.event_store import Envelope, EventStore
from leftfold.store.events import Expected
from leftfold.store.names import StreamName

__all__ = [
    "Aggregate",
    "App",
    "AsOf",
    "Clock",
    "Conflict",
    "Decider",
    "DefinitionError",
    "DomainError",
    "Envelope",
    "Event",
    "EventStore",
    "Expected",
    "LeftfoldError",
    "Metadata",
    "Money",
    "NotFound",
    "Receipt",
    "RecordedEvent",
    "Repository",
    "Snapshots",
    "StoreUnavailable",
    "StreamName",
    "SyncApp",
    "SystemClock",
    "UnitOfWork",
    "applies",
    "event",
]

"""Leftfold: event-sourced, domain-driven systems, from one process on SQLite to many services.

What most programs need is here; each room has more. Nothing here loads an extra.
"""

from typing import TYPE_CHECKING

from leftfold.on_demand import names_of as _names_of

if TYPE_CHECKING:
    from leftfold.app import App, SyncApp
    from leftfold.clock import Clock, SystemClock
    from leftfold.contexts.context import Context
    from leftfold.contexts.context_map import ContextMap
    from leftfold.domain.aggregate import Aggregate, applies
    from leftfold.domain.decider import Decider
    from leftfold.domain.errors import DomainError
    from leftfold.domain.money import Money
    from leftfold.errors import (
        AlreadyExists,
        Conflict,
        DefinitionError,
        LeftfoldError,
        NotCaughtUp,
        NotFound,
        StoreUnavailable,
        UnknownCommand,
        UnknownQuery,
    )
    from leftfold.handling.keeping import Snapshots
    from leftfold.handling.moments import AsOf
    from leftfold.handling.receipt import Receipt
    from leftfold.handling.repository import Repository
    from leftfold.handling.unit_of_work import UnitOfWork
    from leftfold.messages.command import Command
    from leftfold.messages.consumer_view import ConsumerView
    from leftfold.messages.event import Event, event
    from leftfold.messages.integration_event import IntegrationEvent
    from leftfold.messages.metadata import Metadata
    from leftfold.messages.query import Query
    from leftfold.messages.recorded import RecordedEvent
    from leftfold.processes.declaring import parallel, step
    from leftfold.processes.next import IGNORE, CommandRefused, Ignored, Next, TimerDue
    from leftfold.processes.outcome import Done, InDoubt, Outcome
    from leftfold.processes.saga import Saga
    from leftfold.processes.sending import Sender, sends
    from leftfold.processes.steps import Steps
    from leftfold.projections.read_model import ReadModel
    from leftfold.store.event_store import Envelope, EventStore
    from leftfold.store.events import Expected
    from leftfold.store.names import StreamName
    from leftfold.subscriptions.policy import Retry
    from leftfold.subscriptions.reaction import Attempt

__all__ = [
    "IGNORE",
    "Aggregate",
    "AlreadyExists",
    "App",
    "AsOf",
    "Attempt",
    "Clock",
    "Command",
    "CommandRefused",
    "Conflict",
    "ConsumerView",
    "Context",
    "ContextMap",
    "Decider",
    "DefinitionError",
    "DomainError",
    "Done",
    "Envelope",
    "Event",
    "EventStore",
    "Expected",
    "Ignored",
    "InDoubt",
    "IntegrationEvent",
    "LeftfoldError",
    "Metadata",
    "Money",
    "Next",
    "NotCaughtUp",
    "NotFound",
    "Outcome",
    "Query",
    "ReadModel",
    "Receipt",
    "RecordedEvent",
    "Repository",
    "Retry",
    "Saga",
    "Sender",
    "Snapshots",
    "Steps",
    "StoreUnavailable",
    "StreamName",
    "SyncApp",
    "SystemClock",
    "TimerDue",
    "UnitOfWork",
    "UnknownCommand",
    "UnknownQuery",
    "applies",
    "event",
    "parallel",
    "sends",
    "step",
]

_MODULES = {
    "app": (
        "App",
        "SyncApp",
    ),
    "clock": (
        "Clock",
        "SystemClock",
    ),
    "contexts.context": ("Context",),
    "contexts.context_map": ("ContextMap",),
    "domain.aggregate": (
        "Aggregate",
        "applies",
    ),
    "domain.decider": ("Decider",),
    "domain.errors": ("DomainError",),
    "domain.money": ("Money",),
    "errors": (
        "Conflict",
        "DefinitionError",
        "LeftfoldError",
        "NotCaughtUp",
        "AlreadyExists",
        "NotFound",
        "StoreUnavailable",
        "UnknownCommand",
        "UnknownQuery",
    ),
    "handling.keeping": ("Snapshots",),
    "handling.moments": ("AsOf",),
    "handling.receipt": ("Receipt",),
    "handling.repository": ("Repository",),
    "handling.unit_of_work": ("UnitOfWork",),
    "messages.command": ("Command",),
    "messages.consumer_view": ("ConsumerView",),
    "messages.event": (
        "Event",
        "event",
    ),
    "messages.integration_event": ("IntegrationEvent",),
    "messages.metadata": ("Metadata",),
    "messages.query": ("Query",),
    "messages.recorded": ("RecordedEvent",),
    "processes.declaring": (
        "parallel",
        "step",
    ),
    "processes.next": (
        "IGNORE",
        "CommandRefused",
        "Ignored",
        "Next",
        "TimerDue",
    ),
    "processes.outcome": (
        "Done",
        "InDoubt",
        "Outcome",
    ),
    "processes.saga": ("Saga",),
    "processes.sending": (
        "Sender",
        "sends",
    ),
    "processes.steps": ("Steps",),
    "projections.read_model": ("ReadModel",),
    "store.event_store": (
        "Envelope",
        "EventStore",
    ),
    "store.events": ("Expected",),
    "store.names": ("StreamName",),
    "subscriptions.policy": ("Retry",),
    "subscriptions.reaction": ("Attempt",),
}

if not TYPE_CHECKING:  # a checker would take every name for one that is there
    __getattr__, __dir__ = _names_of(__name__, _MODULES)

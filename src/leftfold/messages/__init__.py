"""Messages: what is said.

In: events, commands, queries as typed, immutable objects. Out: their names, versions and JSON text, and back, exactly.
May import: errors, clock, ids.
"""

from leftfold.messages.chains import Chains
from leftfold.messages.codec import Codec, Encoded, Reader
from leftfold.messages.command import Command
from leftfold.messages.consumer_view import ConsumerView, Viewed, viewed_by
from leftfold.messages.event import Event, event, event_name, event_version
from leftfold.messages.flaws import check_json, json_flaw
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.lock import Difference, Lock, differences, dump_lock, load_lock, lock_of
from leftfold.messages.metadata import NO_METADATA, Metadata, dump_metadata, load_metadata
from leftfold.messages.query import Query
from leftfold.messages.recorded import RecordedEvent, RecordedPage
from leftfold.messages.registry import Registry
from leftfold.messages.requests import Request, RequestForm, answer_type, request_name
from leftfold.messages.transform import Transform
from leftfold.messages.unions import EventTypes
from leftfold.messages.upcasting import Upcast
from leftfold.messages.values import ValueCodec
from leftfold.messages.version_range import VersionRange, version_range

__all__ = [
    "NO_METADATA",
    "Chains",
    "Codec",
    "Command",
    "ConsumerView",
    "Difference",
    "Encoded",
    "Event",
    "EventTypes",
    "IntegrationEvent",
    "Lock",
    "Metadata",
    "Query",
    "Reader",
    "RecordedEvent",
    "RecordedPage",
    "Registry",
    "Request",
    "RequestForm",
    "Transform",
    "Upcast",
    "ValueCodec",
    "VersionRange",
    "Viewed",
    "answer_type",
    "check_json",
    "differences",
    "dump_lock",
    "dump_metadata",
    "event",
    "event_name",
    "event_version",
    "json_flaw",
    "load_lock",
    "load_metadata",
    "lock_of",
    "request_name",
    "version_range",
    "viewed_by",
]

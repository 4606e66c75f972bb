"""Messages: what is said.

In: events as typed, immutable objects. Out: their stored names, versions and JSON text, and back, exactly.
May import: errors, clock, ids.
"""

from leftfold.messages.chains import Chains
from leftfold.messages.codec import Codec, Encoded, Reader
from leftfold.messages.event import Event, event, event_name, event_version
from leftfold.messages.flaws import check_json, json_flaw
from leftfold.messages.lock import Difference, Lock, differences, dump_lock, load_lock, lock_of
from leftfold.messages.metadata import NO_METADATA, Metadata, dump_metadata, load_metadata
from leftfold.messages.recorded import RecordedEvent, RecordedPage
from leftfold.messages.registry import Registry
from leftfold.messages.transform import Transform
from leftfold.messages.unions import EventTypes
from leftfold.messages.upcasting import Upcast

__all__ = [
    "NO_METADATA",
    "Chains",
    "Codec",
    "Difference",
    "Encoded",
    "Event",
    "EventTypes",
    "Lock",
    "Metadata",
    "Reader",
    "RecordedEvent",
    "RecordedPage",
    "Registry",
    "Transform",
    "Upcast",
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
]

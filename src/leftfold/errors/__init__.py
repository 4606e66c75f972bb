"""What can go wrong, and what to do about it: one tree.

In: what happened, where. Out: typed errors whose message names the next step.
May import: nothing of Leftfold.

::

    LeftfoldError
    ├── DefinitionError            a class, registry, decider or lock is wrong: mend the code
    ├── InvalidInput               what was handed in cannot be stored: mend the call
    │   ├── InvalidStreamName, InvalidTag, InvalidQuery
    │   ├── InvalidAppend          no events, an id twice, a stream twice
    │   ├── InvalidPayload         not JSON, NUL, lone surrogate, NaN, no codec for the value
    │   ├── TooLarge               above a named limit
    │   ├── InvalidCloudEvent      breaks a rule of the CloudEvents specification
    │   ├── InvalidFormat          not of the format that its field names, or in no table of its codes
    │   └── InvalidStoreUrl
    ├── Conflict                   the stream is not at the expected version: load again and decide again
    ├── ConditionFailed            an event matching the append condition exists: read again and decide again
    ├── IdReused                   the id is stored with other events: use a new id
    ├── CommandIdReused            the id was given to another command, or to one with other content: use a new id
    ├── UnknownCommand, UnknownQuery   nothing here handles it: register a handler, or mend the name
    ├── Forbidden                  whoever asks may not do this
    ├── UnreadableAnswer           the command was carried out before, and this code cannot read what it answered
    ├── Fenced                     another has claimed the checkpoint or work item: stop, it is not yours any more
    ├── KeyTaken                   a row that must be new is there already
    ├── ShardMismatch              a row belongs to another shard: one row, streams of two shards
    ├── CheckpointMismatch         the log does not hold what a follower has passed: another log, or an older one
    ├── NotCaughtUp                a read model did not get so far in time
    ├── KeyParked                  an event that is waited for could not be folded: see the dead letters
    ├── NotShown                   what was rebuilt lacks events that the shown rows have: mend the fold, rebuild again
    ├── RebuildStopped             a rebuild cannot go on: mend the reason, rebuild again
    ├── RowsKeptOtherwise          rows are written with appends elsewhere, or followed: one way for all, or rebuild
    ├── NotAnswered                what was asked for dead letters was not done in time
    ├── NoWorker                   nobody follows for a read model that is waited for
    ├── NotAtHead                  the log has grown: catch up and try again
    ├── Overtaken                  what a follower decided on was changed meanwhile; it decides again
    ├── UnreadableState            the state of a saga or process, and this code cannot read it: deploy code that can
    ├── UnknownInstance            no such saga or process
    ├── NotPossible                what a person asked for does not fit how things stand
    ├── NotEnded                   a saga had not ended when the time to wait was over
    ├── NotSettled                 something still went on when the time to wait was over
    ├── StepRefused                a step of a saga was refused: take another way, or let it be undone
    ├── NotFound                   no such stream or aggregate
    ├── AlreadyExists              what is to be new is there
    ├── NotRelated                 the context map does not allow what one context wanted of another
    ├── InvalidBaseline            a file of findings that are accepted for a while cannot be read
    ├── InvalidObservation         a file of what logs show of contexts cannot be read
    ├── ExtraMissing               a package is needed that an extra brings: install it
    ├── ReadOnly                   record() on an aggregate that was only loaded
    ├── UnreadableEvent            a stored event this code cannot read
    │   ├── UnknownEventType, UnknownSchemaVersion, DamagedPayload, UpcastFailed
    ├── UnreadableMessage          a message of another context that this code cannot read
    │   ├── UnknownMessageType, UnsupportedVersion
    └── StoreError                 the machine below
        ├── StoreUnavailable       nothing was stored; may be tried again
        │   ├── StoreBusy, StoreFull, StoreClosed
        ├── AccessDenied           this role may not do it: give it the right, or take another
        ├── OutcomeUnknown         stored or not: send the same ids again
        ├── AppendRefused          the database refused this append; nothing was stored
        ├── TableMissing           no such read model here, or none that is built
        ├── TableMismatch          a table of the same name and version has another shape
        ├── SchemaMismatch         not migrated, or newer than this code
        └── RestoreMismatch        the log to restore does not continue the log that is here

A business "no" is a `leftfold.domain.DomainError` and no part of this tree.
"""

from __future__ import annotations

from leftfold.errors.bordering import ExtraMissing, InvalidBaseline, InvalidObservation, NotRelated
from leftfold.errors.coordinating import (
    NotEnded,
    NotPossible,
    NotSettled,
    StepRefused,
    UnknownInstance,
    UnreadableState,
)
from leftfold.errors.deciding import (
    AlreadyExists,
    CommandIdReused,
    ConditionFailed,
    Conflict,
    Forbidden,
    IdReused,
    KeyTaken,
    NotFound,
    ReadOnly,
    UnknownCommand,
    UnknownQuery,
    UnreadableAnswer,
)
from leftfold.errors.following import (
    CheckpointMismatch,
    Fenced,
    KeyParked,
    NotAnswered,
    NotAtHead,
    NotCaughtUp,
    NotShown,
    NoWorker,
    Overtaken,
    RebuildStopped,
    RowsKeptOtherwise,
    ShardMismatch,
)
from leftfold.errors.inputs import (
    InvalidAppend,
    InvalidCloudEvent,
    InvalidFormat,
    InvalidInput,
    InvalidPayload,
    InvalidQuery,
    InvalidStoreUrl,
    InvalidStreamName,
    InvalidTag,
    TooLarge,
)
from leftfold.errors.reading import (
    DamagedPayload,
    UnknownEventType,
    UnknownMessageType,
    UnknownSchemaVersion,
    UnreadableEvent,
    UnreadableMessage,
    UnsupportedVersion,
    UpcastFailed,
)
from leftfold.errors.root import DefinitionError, LeftfoldError
from leftfold.errors.storing import (
    AccessDenied,
    AppendRefused,
    OutcomeUnknown,
    RestoreMismatch,
    SchemaMismatch,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreUnavailable,
    TableMismatch,
    TableMissing,
)

__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "AppendRefused",
    "CheckpointMismatch",
    "CommandIdReused",
    "ConditionFailed",
    "Conflict",
    "DamagedPayload",
    "DefinitionError",
    "ExtraMissing",
    "Fenced",
    "Forbidden",
    "IdReused",
    "InvalidAppend",
    "InvalidBaseline",
    "InvalidCloudEvent",
    "InvalidFormat",
    "InvalidInput",
    "InvalidObservation",
    "InvalidPayload",
    "InvalidQuery",
    "InvalidStoreUrl",
    "InvalidStreamName",
    "InvalidTag",
    "KeyParked",
    "KeyTaken",
    "LeftfoldError",
    "NoWorker",
    "NotAnswered",
    "NotAtHead",
    "NotCaughtUp",
    "NotEnded",
    "NotFound",
    "NotPossible",
    "NotRelated",
    "NotSettled",
    "NotShown",
    "OutcomeUnknown",
    "Overtaken",
    "ReadOnly",
    "RebuildStopped",
    "RestoreMismatch",
    "RowsKeptOtherwise",
    "SchemaMismatch",
    "ShardMismatch",
    "StepRefused",
    "StoreBusy",
    "StoreClosed",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "TableMismatch",
    "TableMissing",
    "TooLarge",
    "UnknownCommand",
    "UnknownEventType",
    "UnknownInstance",
    "UnknownMessageType",
    "UnknownQuery",
    "UnknownSchemaVersion",
    "UnreadableAnswer",
    "UnreadableEvent",
    "UnreadableMessage",
    "UnreadableState",
    "UnsupportedVersion",
    "UpcastFailed",
]

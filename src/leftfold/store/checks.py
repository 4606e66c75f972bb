"""What every store asks of a call before it touches a machine, alike for all."""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from math import isnan
from uuid import UUID

from leftfold.clock import Clock, SystemClock
from leftfold.errors import (
    DefinitionError,
    InvalidAppend,
    InvalidInput,
    InvalidPayload,
    InvalidQuery,
    LeftfoldError,
    StoreError,
    TooLarge,
)
from leftfold.messages.flaws import find_flaw, json_flaw
from leftfold.messages.given import are_texts, clock_flaw, is_number, is_whole, moment_flaw, said, texts_flaw, utc_flaw
from leftfold.messages.message import MAX_VERSION
from leftfold.store.events import AppendCondition, Expected, NewEvent, QueryItem, ToStream
from leftfold.store.limits import (
    MAX_APPEND_BYTES,
    MAX_APPEND_EVENTS,
    MAX_EVENT_BYTES,
    MAX_QUERY_TAGS,
    MAX_QUERY_TYPES,
)
from leftfold.store.names import check_stream, check_tag, flaw_of
from leftfold.store.snapshots import Snapshot

__all__ = [
    "check_append",
    "check_condition",
    "check_id",
    "check_loop",
    "check_match",
    "check_moment",
    "check_note",
    "check_position",
    "check_range",
    "check_snapshot",
    "check_statuses",
    "check_timeout",
    "checked_clock",
]

_LARGEST_VERSION = 2**31 - 1


def check_append(parts: Sequence[ToStream], condition: AppendCondition | None) -> tuple[int, int]:
    """Raise a typed error unless this append can be stored.

    Returns:
        Its number of events, and the bytes of all payloads and metadata.
    """
    if not parts:
        raise InvalidAppend("an append needs at least one part with at least one event")
    events = size = 0
    for part in parts:
        _check_part(part)
        size += _check_events(part.events, part.stream)
        events += len(part.events)
    if events > 1:
        _check_unique(parts, events)
    if events > MAX_APPEND_EVENTS:
        raise TooLarge("number of events of an append", events, MAX_APPEND_EVENTS, "MAX_APPEND_EVENTS")
    if size > MAX_APPEND_BYTES:
        raise TooLarge("size of an append in bytes", size, MAX_APPEND_BYTES, "MAX_APPEND_BYTES")
    if condition is not None:
        check_condition(condition)
    return events, size


def check_condition(condition: AppendCondition) -> None:
    """Raise `InvalidQuery` unless *condition* can be checked."""
    if not _is(AppendCondition, condition):
        raise InvalidQuery(f"condition={condition!r:.80}; give an AppendCondition")
    if not is_whole(condition.after) or condition.after < 0:
        raise InvalidQuery(
            f"an append condition's after is {condition.after!r:.80}; positions start at 1, so give 0 or more"
        )
    if not condition.none_of:
        raise InvalidQuery("an append condition needs at least one query item; leave it out to append unconditionally")
    _check_items("none_of", condition.none_of)
    for item in condition.none_of:
        for tag in item.tags:
            check_tag(tag)
        for type_ in item.types:
            if flaw := flaw_of(type_):
                raise InvalidQuery(f"an append condition's event type {type_!r:.80} {flaw}")


def check_loop(own: AbstractEventLoop) -> None:
    """Raise `StoreError` unless the event loop that a store was opened on runs here."""
    if get_running_loop() is not own:
        raise StoreError(
            "this store belongs to the event loop that opened it, and another one runs here; nothing was stored. "
            "Open a store on each loop, or use App.sync() from threads"
        )


def check_match(match: Sequence[QueryItem], category: str | None) -> None:
    """Raise `InvalidQuery` unless this says which events of a log are meant."""
    if match != ():
        _check_items("match", match)
    if category is not None and not _is(str, category):
        raise InvalidQuery(f"category={category!r:.80}; give its name, or None for every one")


def check_range(after: int, upto: int | None, limit: int) -> None:
    """Raise `InvalidQuery` unless this is a range that can be read."""
    if not (is_whole(after) and is_whole(limit) and (upto is None or is_whole(upto))):
        raise InvalidQuery(f"after={after!r:.80}, upto={upto!r:.80}, limit={limit!r:.80}: give whole numbers")
    if after < 0 or (upto is not None and upto < 0):
        raise InvalidQuery(f"after={after}, upto={upto}: bounds are 0 or more")
    if limit < 1:
        raise InvalidQuery(f"limit={limit}: a page has at least one event")


def check_position(position: object, word: str = "position") -> None:
    """Raise `InvalidQuery` unless *position*, which the caller knows by *word*, is a whole number."""
    if not is_whole(position):
        raise InvalidQuery(f"{word}={position!r:.80} is no whole number; give the position that a receipt has")


def check_timeout(seconds: float) -> None:
    """Raise `InvalidQuery` unless *seconds* is a time that somebody can wait for; below 0 is none."""
    if not is_number(seconds) or isnan(seconds):
        raise InvalidQuery(f"timeout={said(seconds)}: give a number of seconds, 0 or more")


def checked_clock(clock: Clock | None) -> Clock:
    """*clock*, or the machine's when it is left out; raises `DefinitionError` when it is none, or tells no zone."""
    if flaw := clock_flaw(clock):
        raise DefinitionError(flaw)
    if clock is None:
        return SystemClock()
    if flaw := moment_flaw(clock.now()):
        raise DefinitionError(f"clock={clock!r:.80}: its now() is no time to go by, for {flaw}")
    return clock


def check_id(id: object) -> None:
    """Raise `InvalidInput` unless *id* is a text that something can be known by."""
    if not isinstance(id, str) or not id:
        raise InvalidInput(f"id={id!r:.80}: give a text that is not empty")


def check_note(who: object, why: object) -> None:
    """Raise `InvalidInput` unless it can be kept who did something, and why: both are texts that say something."""
    for word, given in (("who", who), ("why", why)):
        if not isinstance(given, str) or not given.strip():
            raise InvalidInput(
                f"{word}={given!r:.80}: give a text that is not empty; it is kept for who looks at it later"
            )
        if flaw := find_flaw(given):
            raise InvalidInput(f"{word}={given!r:.80}: {flaw.reason}")


def check_statuses(statuses: Collection[str], known: Collection[str]) -> None:
    """Raise `InvalidQuery` unless *statuses* is a list of some of those that are *known*."""
    if not are_texts(statuses) or not set(statuses) <= set(known):
        raise InvalidQuery(f"statuses={statuses!r:.80}: give a list, of {', '.join(known)}")


def check_moment(moment: datetime) -> datetime:
    """*moment* in UTC; raises `InvalidQuery` when it has no zone, or is no time.

    A moment that is before year 1 or after year 9999 in UTC becomes the nearest one that is not.
    """
    if flaw := moment_flaw(moment):
        raise InvalidQuery(flaw)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if moment.year == 1 else datetime.max.replace(tzinfo=UTC)


def check_snapshot(snapshot: Snapshot) -> None:
    """Raise a typed error unless this snapshot can be kept."""
    key = snapshot.key
    check_stream(key.stream)
    what = f"snapshot of stream {key.stream!r}"
    for name, text in (("fingerprint", key.fingerprint), ("digest", snapshot.digest)):
        if flaw := flaw_of(text):
            raise InvalidPayload(what, f"its {name} {flaw}")
    if not 1 <= key.version <= _LARGEST_VERSION:
        raise InvalidPayload(what, f"its version {key.version} is not in 1..{_LARGEST_VERSION}")
    if len(snapshot.state) > MAX_EVENT_BYTES:
        raise TooLarge(f"state in the {what} in bytes", len(snapshot.state), MAX_EVENT_BYTES, "MAX_EVENT_BYTES")
    if flaw := json_flaw(snapshot.state):
        raise InvalidPayload(f"state in the {what}", flaw)


def _check_part(part: ToStream) -> None:
    if type(part) is not ToStream and not _is(ToStream, part):
        raise InvalidAppend(f"{part!r:.80} is no part of an append; make one with EventStore.part")
    check_stream(part.stream)
    if not part.events:
        raise InvalidAppend(f"the part for stream {part.stream!r} has no events")
    if type(part.events) is not list and not _is_list(part.events):
        raise InvalidAppend(f"the part for stream {part.stream!r} has events={part.events!r:.80}; give a list of them")
    if not isinstance(part.expected, Expected):
        if not is_whole(part.expected):
            raise InvalidAppend(
                f"stream {part.stream!r}: expected={part.expected!r:.80}; give a version or an `Expected`"
            )
        if part.expected < 0:
            raise InvalidAppend(f"stream {part.stream!r}: expected version {part.expected} is negative; use `Expected`")


def _check_events(events: Sequence[NewEvent], stream: str) -> int:
    size = 0
    type_: str | None = None
    tags: tuple[str, ...] = ()
    for event in events:
        if not _is_plain(event):
            _check_kinds(event, stream)
        if event.type != type_ or event.tags != tags:  # neighbours are mostly alike
            type_, tags = event.type, event.tags
            _check_names(event, stream)
        if not 1 <= event.schema_version <= MAX_VERSION:
            raise _odd_version(event)
        if event.occurred_at is not None and (flaw := utc_flaw(event.occurred_at)):
            raise InvalidAppend(f"event {event.type!r}: occurred_at={flaw}")
        data, metadata = event.data, event.metadata
        if len(data) > MAX_EVENT_BYTES or json_flaw(data):
            raise _refused("payload", data, event, stream)
        if metadata != b"{}":
            _check_metadata(metadata, event, stream)
        size += len(data) + len(metadata)
    return size


def _is_plain(event: NewEvent) -> bool:
    """Whether *event* has what its annotations say to the letter, which is a quick thing to see."""
    return (
        type(event) is NewEvent
        and type(event.id) is UUID
        and type(event.data) is bytes
        and type(event.metadata) is bytes
        and type(event.schema_version) is int
    )


def _check_kinds(event: NewEvent, stream: str) -> None:
    if not _is(NewEvent, event):
        raise InvalidAppend(f"stream {stream!r}: {event!r:.80} is no NewEvent; make a part with EventStore.part")
    if not (_is(UUID, event.id) and _is(bytes, event.data) and _is(bytes, event.metadata)):
        raise InvalidAppend(
            f"event {event.type!r}: id={event.id!r:.80}, data={event.data!r:.80}, metadata={event.metadata!r:.80}; "
            "give a UUID as id, and JSON text as bytes"
        )
    if not is_whole(event.schema_version):
        raise _odd_version(event)


def _check_metadata(metadata: bytes, event: NewEvent, stream: str) -> None:
    if len(metadata) > MAX_EVENT_BYTES or json_flaw(metadata):
        raise _refused("metadata", metadata, event, stream)
    if not metadata.lstrip().startswith(b"{"):
        raise InvalidPayload(f"metadata of event {event.type!r} for stream {stream!r}", "is no JSON object")


def _check_names(event: NewEvent, stream: str) -> None:
    if flaw := flaw_of(event.type):
        raise InvalidAppend(f"stream {stream!r}: event type {event.type!r:.80} {flaw}")
    if type(event.tags) is not tuple and (flaw := texts_flaw("tags", event.tags, "tags")):
        raise InvalidAppend(f"event {event.type!r}: {flaw}")
    for tag in event.tags:
        if type(tag) is not str and (flaw := texts_flaw("tags", event.tags, "tags")):
            raise InvalidAppend(f"event {event.type!r}: {flaw}")
        check_tag(tag)


def _odd_version(event: NewEvent) -> InvalidAppend:
    given = f"{event.schema_version!r:.80}"
    return InvalidAppend(f"event {event.type!r}: schema version {given} is not in 1..{MAX_VERSION}")


def _check_items(word: str, items: Sequence[QueryItem]) -> None:
    if not _is_list(items):
        raise InvalidQuery(f"{word}={items!r:.80}; give a tuple of QueryItem")
    for item in items:
        if not _is(QueryItem, item):
            raise InvalidQuery(f"{word} has {item!r:.80}; give QueryItem, as in QueryItem(tags=frozenset({{'red'}}))")
        if not (_is(AbstractSet, item.tags) and _is(AbstractSet, item.types)):
            raise InvalidQuery(f"{word} has {item!r:.80}; its tags and its types are a frozenset of texts each")
    if (tags := sum(max(1, len(item.tags)) for item in items)) > MAX_QUERY_TAGS:
        raise InvalidQuery(
            f"{word} has {tags:,} tags, where an item without any counts as one; MAX_QUERY_TAGS allows "
            f"{MAX_QUERY_TAGS:,}. Ask for fewer"
        )
    if (types := sum(len(item.types) for item in items)) > MAX_QUERY_TYPES:
        raise InvalidQuery(f"{word} has {types:,} types; MAX_QUERY_TYPES allows {MAX_QUERY_TYPES:,}. Ask for fewer")


def _is(kind: type, given: object) -> bool:
    """Whether a caller without types handed in what the annotation says."""
    return isinstance(given, kind)


def _is_list(given: object) -> bool:
    return isinstance(given, (list, tuple)) or (isinstance(given, Sequence) and not isinstance(given, str | bytes))


def _refused(what: str, content: bytes, event: NewEvent, stream: str) -> LeftfoldError:
    if len(content) > MAX_EVENT_BYTES:
        return TooLarge(f"{what} of event {event.type!r} in bytes", len(content), MAX_EVENT_BYTES, "MAX_EVENT_BYTES")
    return InvalidPayload(f"{what} of event {event.type!r} for stream {stream!r}", json_flaw(content) or "")


def _check_unique(parts: Sequence[ToStream], events: int) -> None:
    ids = {event.id.int for part in parts for event in part.events}  # hashing a UUID itself runs Python code
    if len(ids) != events:
        raise InvalidAppend("an append names an event id twice")
    if len({part.stream for part in parts}) != len(parts):
        raise InvalidAppend("an append names a stream twice; put all of its events for one stream into one part")

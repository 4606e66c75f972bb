"""A batch of appends as one call of the SQL function: its arguments, and what its result means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from leftfold.adapters.postgres.rows import Row
from leftfold.errors import ConditionFailed, Conflict, LeftfoldError
from leftfold.store.events import AppendCondition, Appended, Expected, NewEvent, QueryItem, ToStream

__all__ = [
    "ANSWER_OF_PARTS",
    "ARGUMENT_TYPES",
    "AppendCall",
    "Arguments",
    "Verdicts",
    "append_sql",
    "event_arrays",
    "expected_number",
    "numbers_in",
    "plain_array",
    "tags_literal",
    "text_array",
    "verdict_of",
    "verdicts_of",
]

_VERSION: Final = 1
_KNOWN: Final = 2
_CONDITION: Final = 3
_MAX_INTEGER: Final = 2**31 - 1
_MAX_BIGINT: Final = 2**63 - 1
_NUMBERS: Final = msgspec.json.Decoder(list[int])

ARGUMENT_TYPES: Final = (
    *("text[]", "integer[]", "integer[]", "integer[]", "integer[]", "uuid[]"),
    *("text[]", "text[]", "smallint[]", "uuid[]", "text[]", "text[]", "timestamptz[]", "text[]"),
    *("integer[]", "bigint[]", "text[]", "text[]"),
)
"""Types of the function's arguments, in their order; each is sent as the text of such an array."""

ANSWER_OF_PARTS: Final = "verdict::text, version::text, last::text, recorded"
"""What the functions say that judge many parts: arrays as text, and when."""

Arguments: TypeAlias = tuple[str | None, ...]
"""Of one call; their types are `ARGUMENT_TYPES`."""

Verdicts: TypeAlias = tuple[Sequence[int], Sequence[int], Sequence[int], datetime]
"""Of each part: verdict, version, position of its last event; and when it was recorded."""


def append_sql(schema: str) -> str:
    """The statement that calls the function of *schema*, with an argument for each of `ARGUMENT_TYPES`."""
    # An array built here costs the client a fraction of what a driver's own encoding of each element does, and no
    # connection has to ask the server first what such an array is.
    arguments = (f"${number}::text::{type_}" for number, type_ in enumerate(ARGUMENT_TYPES, 1))
    return f'select {ANSWER_OF_PARTS} from "{schema}".append_v1({", ".join(arguments)})'


class AppendCall:
    """The arguments of one call, gathered append by append."""

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._units: list[int] = []
        self._part_slots: list[int] = []
        self._expected: list[int] = []
        self._counts: list[int] = []
        self._firsts: dict[UUID, None] = {}
        self._streams: list[str] = []
        self._events: list[NewEvent] = []
        self._items: list[tuple[int, int, str, str | None]] = []
        self._members = _Members(self._events)

    def take(self, parts: Sequence[ToStream], condition: AppendCondition | None) -> bool:
        """Add one append; False, adding nothing, when an earlier one here has its id or matches its condition."""
        if parts[0].events[0].id in self._firsts:
            return False
        if condition is not None and any(self._members.match(item) for item in condition.none_of):
            return False
        self.add(parts, condition)
        return True

    def add(self, parts: Sequence[ToStream], condition: AppendCondition | None) -> None:
        """Add one append."""
        self._firsts[parts[0].events[0].id] = None
        unit = len(self._firsts)
        if condition is not None:
            after = min(condition.after, _MAX_BIGINT)
            self._items += [(unit, after, *_item(item)) for item in condition.none_of]
        for part in parts:
            events = part.events
            stream = str(part.stream)
            self._units.append(unit)
            self._part_slots.append(self._slots.setdefault(stream, len(self._slots) + 1))
            self._expected.append(expected_number(part))
            self._counts.append(len(events))
            self._events += events
            self._streams += [stream] * len(events)

    def arguments(self) -> Arguments:
        """The function's arguments, as text."""
        units, afters, item_tags, item_types = zip(*self._items, strict=True) if self._items else ((),) * 4
        return (
            text_array(self._slots),
            plain_array(self._units),
            plain_array(self._part_slots),
            plain_array(self._expected),
            plain_array(self._counts),
            plain_array(list(self._firsts)),
            text_array(self._streams),
            *event_arrays(self._events),
            plain_array(units) if units else None,
            plain_array(afters) if units else None,
            text_array(item_tags) if units else None,
            _optional_texts(item_types),
        )


def expected_number(part: ToStream) -> int:
    """What the functions are told of the version that a stream is expected at."""
    expected = part.expected
    return expected.value if isinstance(expected, Expected) else min(expected, _MAX_INTEGER)


def event_arrays(events: Sequence[NewEvent]) -> Arguments:
    """Types, schema versions, ids, payloads, metadata, times and tags of *events*, an array each."""
    times = [at.astimezone(UTC).isoformat() if (at := event.occurred_at) else None for event in events]
    tags = [tags_literal(event.tags) if event.tags else None for event in events]
    return (
        text_array([event.type for event in events]),
        plain_array([event.schema_version for event in events]),
        plain_array([event.id for event in events]),
        text_array([event.data.decode() for event in events]),
        text_array([event.metadata.decode() for event in events]),
        _optional_texts(times),
        _optional_texts(tags),
    )


class _Members:
    """The events of a call so far, as far as conditions ask for them."""

    def __init__(self, events: Sequence[NewEvent]) -> None:
        self._events = events
        self._looked = 0
        self._tags: set[str] = set()
        self._types: set[str] = set()

    def match(self, item: QueryItem) -> bool:
        """Whether one of them matches *item*."""
        for event in self._events[self._looked :]:
            self._tags.update(event.tags)
            self._types.add(event.type)
        self._looked = len(self._events)
        if not item.tags <= self._tags or (item.types and item.types.isdisjoint(self._types)):
            return False
        return any(
            item.tags.issubset(event.tags) and (not item.types or event.type in item.types) for event in self._events
        )


def verdicts_of(row: Row) -> Verdicts:
    """What a function said; one that judges a single part says it without arrays."""
    if isinstance(row[0], int):
        return (row[0],), (row[1],), (row[2],), row[3]
    return numbers_in(row[0]), numbers_in(row[1]), numbers_in(row[2]), row[3]


def verdict_of(
    parts: Sequence[ToStream], condition: AppendCondition | None, verdicts: Verdicts, at: int
) -> Appended | LeftfoldError | None:
    """What the function said about one append; None when its id is known and what is stored has to be compared.

    Args:
        at: index of the append's first part among the verdicts.
    """
    codes, versions, positions, recorded_at = verdicts
    if codes[at] == _KNOWN:
        return None
    if codes[at] == _CONDITION and condition is not None:
        return ConditionFailed(condition.after)
    for index, part in enumerate(parts, at):
        if codes[index] == _VERSION:
            name = f"Expected.{part.expected.name}" if isinstance(part.expected, Expected) else part.expected
            return Conflict(part.stream, name, versions[index])
    return Appended(
        position=positions[at + len(parts) - 1],
        versions={part.stream: versions[index] for index, part in enumerate(parts, at)},
        recorded_at=recorded_at,
    )


def tags_literal(tags: Sequence[str]) -> str:
    """*tags* sorted, without repetition, as PostgreSQL writes an array of text."""
    return text_array(sorted(set(tags)))


def plain_array(values: Sequence[int | UUID | None]) -> str:
    """An array of what needs no escaping: JSON's text but for the brackets."""
    return "{" + msgspec.json.encode(values).decode()[1:-1] + "}"


def numbers_in(array: str | None) -> Sequence[int]:
    """The numbers of an array that came as text; none when there is no array."""
    return _NUMBERS.decode(f"[{array[1:-1]}]") if array else ()


def text_array(values: Iterable[str]) -> str:
    """An array of text. No text holds NUL, so it can stand between them until they are escaped, all at once."""
    return '{"' + _escaped("\0".join(values)).replace("\0", '","') + '"}'


def _optional_texts(values: Sequence[str | None]) -> str | None:
    """An array of text with nulls; None when there is nothing else in it."""
    if not any(values):
        return None
    return "{" + ",".join("NULL" if value is None else f'"{_escaped(value)}"' for value in values) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")


def _item(item: QueryItem) -> tuple[str, str | None]:
    tags = msgspec.json.encode(sorted(item.tags)).decode()
    return tags, msgspec.json.encode(sorted(item.types)).decode() if item.types else None

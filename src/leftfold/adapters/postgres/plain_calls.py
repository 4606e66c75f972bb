"""Appends that ask for no more than the version of one stream each, as calls of the SQL functions for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Final

from leftfold.adapters.postgres.calls import (
    ANSWER_OF_PARTS,
    ARGUMENT_TYPES,
    Arguments,
    event_arrays,
    expected_number,
    plain_array,
    tags_literal,
    text_array,
)
from leftfold.adapters.postgres.queries import Query
from leftfold.store.batching import Pending
from leftfold.store.events import NewEvent, ToStream

__all__ = ["PlainCalls"]

_ANSWER: Final = "verdict, version, last, recorded"
_ONE_TYPES: Final = (
    *("text", "integer", "text", "smallint", "uuid", "text", "text"),
    *("text::timestamptz", "text"),  # the driver takes the last moment for infinity
)
_EVENT_TYPES: Final = ARGUMENT_TYPES[7:14]
_PART_TYPES: Final = ("text", "integer", *_EVENT_TYPES)
_PARTS_TYPES: Final = ("text[]", "integer[]", "integer[]", "uuid[]", "integer[]", *_EVENT_TYPES)


class PlainCalls:
    """Calls of the functions of one schema."""

    def __init__(self, schema: str) -> None:
        one = (f"${number}::{type_}" for number, type_ in enumerate(_ONE_TYPES, 1))
        part, parts = (
            (f"${number}::text::{type_}" for number, type_ in enumerate(types, 1))
            for types in (_PART_TYPES, _PARTS_TYPES)
        )
        self._one = _asked(_ANSWER, schema, "append_one_v1", one)
        self._part = _asked(_ANSWER, schema, "append_part_v1", part)
        self._parts = _asked(ANSWER_OF_PARTS, schema, "append_parts_v1", parts)

    def of(self, batch: Sequence[Pending]) -> Query | None:
        """The call that judges and writes *batch*; None when a member asks for more or depends on another."""
        parts: list[ToStream] = []
        for pending in batch:
            if pending.transaction is not None or pending.condition is not None or len(pending.parts) != 1:
                return None
            parts.append(pending.parts[0])
        if len(parts) > 1:
            arguments = _parts_arguments(parts)
            return None if arguments is None else (self._parts, arguments)
        [part] = parts
        return (self._one, _one_arguments(part)) if len(part.events) == 1 else (self._part, _part_arguments(part))


def _asked(answer: str, schema: str, function: str, arguments: Iterable[str]) -> str:
    return f'select {answer} from "{schema}".{function}({", ".join(arguments)})'


def _one_arguments(part: ToStream) -> Sequence[object]:
    [event] = part.events
    at = event.occurred_at
    return (
        str(part.stream),
        expected_number(part),
        event.type,
        event.schema_version,
        event.id,
        event.data.decode(),
        event.metadata.decode(),
        None if at is None else at.astimezone(UTC).isoformat(),
        tags_literal(event.tags) if event.tags else None,
    )


def _part_arguments(part: ToStream) -> Arguments:
    return str(part.stream), str(expected_number(part)), *event_arrays(part.events)


def _parts_arguments(parts: Sequence[ToStream]) -> Arguments | None:
    streams = [str(part.stream) for part in parts]
    firsts = [part.events[0].id for part in parts]
    if len(set(streams)) < len(parts) or len({id.int for id in firsts}) < len(parts):
        return None
    events: list[NewEvent] = []
    numbers: list[int] = []
    for number, part in enumerate(parts, 1):
        events += part.events
        numbers += [number] * len(part.events)
    return (
        text_array(streams),
        plain_array([expected_number(part) for part in parts]),
        plain_array([len(part.events) for part in parts]),
        plain_array(firsts),
        plain_array(numbers),
        *event_arrays(events),
    )

"""One append to one stream as a call of the SQL function for it: its arguments, and what its result means."""

from __future__ import annotations

from typing import Final

import asyncpg

from leftfold.adapters.postgres.calls import Arguments, Verdicts, event_arrays, expected_number
from leftfold.store.batching import Pending
from leftfold.store.events import ToStream

__all__ = ["is_part", "part_arguments", "part_sql", "part_verdicts"]

_TYPES: Final = (
    *("text", "integer"),
    *("text[]", "smallint[]", "uuid[]", "text[]", "text[]", "timestamptz[]", "text[]"),
)


def is_part(pending: Pending) -> bool:
    """Whether it is an append to one stream and nothing else."""
    return pending.transaction is None and pending.condition is None and len(pending.parts) == 1


def part_sql(schema: str) -> str:
    """The statement that calls the function of *schema*."""
    arguments = (f"${number}::text::{type_}" for number, type_ in enumerate(_TYPES, 1))
    return f'select verdict, version, last, recorded from "{schema}".append_part_v1({", ".join(arguments)})'


def part_arguments(part: ToStream) -> Arguments:
    """The function's arguments, as text."""
    return str(part.stream), str(expected_number(part)), *event_arrays(part.events)


def part_verdicts(row: asyncpg.Record) -> Verdicts:
    """What the function said, as that for several appends says it."""
    return (row["verdict"],), (row["version"],), (row["last"],), row["recorded"]

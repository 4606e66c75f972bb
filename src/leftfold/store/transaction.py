"""The part of the port that writes events and rows in one atomic step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias
from uuid import UUID

from msgspec import Struct

from leftfold.store.events import AppendCondition, Appended, StoredEvent, ToStream
from leftfold.store.tables import Table
from leftfold.store.work import Begin, End, Revise

__all__ = [
    "Advance",
    "Delete",
    "Inline",
    "Insert",
    "Point",
    "Put",
    "Rest",
    "RowWrite",
    "Rows",
    "Transacting",
    "Transaction",
    "Write",
]


class Put(Struct, frozen=True, kw_only=True):
    """Write rows, each whether it was there or not.

    Args:
        rows: JSON objects by key; keys are text of at most `MAX_NAME_BYTES` UTF-8 bytes.
        generation: None for the active one, as of this transaction.
        shard: who the rows belong to; a row of another shard is `ShardMismatch`.
    """

    table: Table
    rows: Mapping[str, bytes]
    generation: int | None = None
    shard: int = 0


class Delete(Struct, frozen=True, kw_only=True):
    """Delete the rows under *keys*; keys without a row are passed over."""

    table: Table
    keys: Sequence[str]
    generation: int | None = None


class Insert(Struct, frozen=True, kw_only=True):
    """Write one row that must not be there yet, in the active generation; `KeyTaken` when it is."""

    table: Table
    key: str
    row: bytes


class Advance(Struct, frozen=True, kw_only=True):
    """Move a checkpoint forward; `Fenced` unless *token* is the one of its last claim.

    Args:
        position: everything up to here is done, at least what it is now.
        event_id: of the event at *position*, or None at position 0.
    """

    name: str
    token: int
    position: int
    event_id: UUID | None


class Point(Struct, frozen=True, kw_only=True):
    """Make a generation of a table the active one, for readers and writers.

    Args:
        view: an SQL view of this name shows the columns of the table from now on; None for no view.
        at_head: only if the log's last position is this one, so that a writer of every append misses none;
            `NotAtHead` otherwise.
        rest: what to do with events behind *at_head*, where appends never pause; without it they are in the way.
    """

    table: Table
    generation: int
    view: str | None = None
    at_head: int | None = None
    rest: Rest | None = None


RowWrite: TypeAlias = Put | Delete
Write: TypeAlias = Put | Delete | Insert | Advance | Point | Begin | Revise | End
Rows: TypeAlias = Mapping[tuple[str, str], bytes]
"""Rows that are there, by name of the table and key."""


class Rest(Struct, frozen=True, kw_only=True):
    """The events behind `Point.at_head`, folded into the generation of the point while nobody appends.

    Both functions are pure and quick, for other writers wait, and may be called more than once. What they raise refuses
    the transaction, as with an `Inline`.

    Args:
        limit: events at most, 1 to 500; where there are more, `NotAtHead`.
        keys: of which rows of the generation *project* needs, for the events in their order.
        project: gets the events and those of the rows that are there, and returns what to write.
    """

    limit: int
    keys: Callable[[Sequence[StoredEvent]], Sequence[str]]
    project: Callable[[Sequence[StoredEvent], Mapping[str, bytes]], Sequence[RowWrite]]


class Inline(Struct, frozen=True):
    """Rows that follow from the events of the same transaction.

    Args:
        reads: keys of the rows that *project* needs, of the active generation of each table. While one of these tables
            has no active generation, it is left out: whoever makes one active catches up first, see `Point.at_head`.
        project: gets what the append did and the rows as of then, and returns what to write. It is pure and quick:
            other writers wait, and it may run more than once. What it raises refuses the transaction, and it alone;
            what is no `Exception`, like `asyncio.CancelledError`, as an `InvalidInput` that says so.
    """

    reads: tuple[tuple[Table, tuple[str, ...]], ...]
    project: Callable[[Appended, Rows], Sequence[RowWrite]]


class Transaction(Struct, frozen=True, kw_only=True):
    """What is written in one atomic step: all of it or nothing.

    Args:
        parts: events to append, see `Store.append`.
        condition: see `Store.append`.
        writes: in their order, after the append.
        inline: after *writes*, in their order.
    """

    parts: Sequence[ToStream] = ()
    condition: AppendCondition | None = None
    writes: Sequence[Write] = ()
    inline: Sequence[Inline] = ()


class Transacting(Protocol):
    """Writes transactions."""

    async def transact(self, transaction: Transaction) -> Appended | None:
        """Write *transaction* in one atomic step, durable when this returns.

        With events, it shares commits and verdicts with appends, and is judged like one: repeating it returns the
        first result, and then its writes and what is inline are not done again. Without events, it is committed by
        itself and waits for no appends, unless it has a `Point` with *at_head*.

        Returns:
            What the append did; None without events.

        Raises:
            Fenced, KeyTaken, ShardMismatch, NotAtHead, TableMissing: see the writes. Nothing was stored.
            InvalidPayload, TooLarge: a row or a state is not a JSON object that a store keeps.
            OutcomeUnknown: the deadline passed after a broken connection, or somebody else has written the same work
                since. With events or an `Insert`, repeat it; a fenced one is decided again from its checkpoint, or from
                its work as it is now.
            Exception: what an `Inline` raised.
            Conflict, ConditionFailed, IdReused, InvalidInput, AppendRefused: see `Store.append`.
        """
        ...

"""Writes of rows, gathered over the members of a transaction: each table is written by one statement a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Connection
from leftfold.adapters.postgres.layout import Layout, words_of_row
from leftfold.errors import KeyTaken, ShardMismatch

__all__ = ["Change", "Gathered", "Kind", "Place", "Refusal"]

Place: TypeAlias = tuple[int, int]
"""A member of a group, and which of its writes; both in their order."""


_GONE = b"{}"


class Refusal(Struct, frozen=True):
    """Why a write is refused.

    Args:
        sure: whether it would be refused just the same without what comes before it.
    """

    place: Place
    error: Exception
    sure: bool


class Kind(Enum):
    """What happens to a row."""

    PUT = "put"
    INSERT = "insert"
    DELETE = "delete"


_ASKED = (Kind.INSERT, Kind.DELETE)


class Change:
    """What happens to one row.

    Args:
        kind: what the first write of it asks of the row that is there.
        place: of that write.
        row: what it comes to, None when it is gone.
        shard: the one that it is asked for and that it gets.
    """

    __slots__ = ("kind", "place", "row", "shard")

    def __init__(self, kind: Kind, place: Place, row: bytes | None, shard: int = 0) -> None:
        self.kind: Kind = kind
        self.place: Place = place
        self.row: bytes | None = row
        self.shard: int = shard


class Gathered:
    """What is to be written next, table by table and row by row."""

    def __init__(self) -> None:
        self._changes: dict[Layout, dict[str, Change]] = {}

    def add(self, layout: Layout, key: str, change: Change) -> bool:
        """Add a change; False, adding nothing, when an earlier one of the same row has to be written first.

        Raises:
            ShardMismatch, KeyTaken: an earlier change refuses this one.
        """
        known = self._changes.setdefault(layout, {}).setdefault(key, change)
        if known is change:
            return True
        if change.kind is Kind.INSERT and known.row is not None:
            raise KeyTaken(layout.table.name, key)
        if change.kind is not Kind.DELETE and known.shard != change.shard:
            if known.row is not None:
                raise ShardMismatch(layout.table.name, change.shard)
            if known.kind is not Kind.DELETE:
                return False
            known.shard = change.shard
        known.row = change.row
        return True

    async def write(self, connection: Connection) -> list[Refusal]:
        """Write everything, by table and key, and forget it; returns what the rows that are there refuse."""
        refusals: list[Refusal] = []
        gathered, self._changes = self._changes, {}
        for layout in sorted(gathered, key=lambda each: each.name):
            refusals += await _write(connection, layout, gathered[layout])
        return refusals


async def _write(connection: Connection, layout: Layout, changes: Mapping[str, Change]) -> list[Refusal]:
    ordered = dict(sorted(changes.items()))
    refusals: list[Refusal] = []
    if any(change.kind is not Kind.DELETE or change.row is not None for change in ordered.values()):
        for key in await _unwritten(connection, layout, ordered):
            change = ordered[key]
            if change.kind is Kind.INSERT:
                refusals.append(Refusal(change.place, KeyTaken(layout.table.name, key), sure=True))
            else:
                refusals.append(Refusal(change.place, ShardMismatch(layout.table.name, change.shard), sure=False))
    if gone := [key for key, change in ordered.items() if change.row is None]:
        await connection.execute(layout.delete, gone)
    return refusals


async def _unwritten(connection: Connection, layout: Layout, changes: Mapping[str, Change]) -> list[str]:
    """Write rows, those to be deleted too, and return the keys of those that could not be."""
    rows = [change.row or _GONE for change in changes.values()]
    values: list[Sequence[object]] = [
        list(changes),
        [row.decode() for row in rows],
        plain_array([change.shard for change in changes.values()]),
    ]
    if layout.table.search:
        values.append([words_of_row(layout.table, row) for row in rows])
    kinds = {change.kind for change in changes.values()}
    if kinds == {Kind.PUT}:
        sql = layout.put
    elif kinds == {Kind.INSERT}:
        sql = layout.insert
    else:
        sql = layout.mixed
        values += [[key for key, change in changes.items() if change.kind is kind] for kind in _ASKED]
    written = await connection.fetch(sql, *values)
    if len(written) == len(changes):
        return []
    there = {row[0] for row in written}
    return [key for key in changes if key not in there]

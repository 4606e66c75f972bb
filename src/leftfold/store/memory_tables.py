"""What the reference store keeps of tables, and how a write that fails is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct

from leftfold.errors import KeyTaken, ShardMismatch, TableMissing
from leftfold.store.tables import Table
from leftfold.store.transaction import Delete, Insert, Put, RowWrite

__all__ = ["Generation", "Kept", "KeptTables", "Undo"]

K = TypeVar("K")
V = TypeVar("V")


class Kept(Struct, frozen=True):
    """A row, and who it belongs to."""

    row: bytes
    shard: int


class Generation(Struct, frozen=True):
    """The table of one generation: its shape and its rows by key."""

    shape: str
    rows: dict[str, Kept]


_INTERNAL: Final = "leftfold_"
_Name: TypeAlias = tuple[str, int]
"""Name and version of a table."""


class Undo:
    """Changes dictionaries, and takes the changes back when they are not wanted."""

    def __init__(self) -> None:
        self._back: list[Callable[[], None]] = []

    def put(self, into: dict[K, V], key: K, value: V | None) -> None:
        """Set *key*, or delete it when *value* is None."""
        self._back.append(partial(_set, into, key, into.get(key)))
        _set(into, key, value)

    def take_back(self) -> None:
        """Make everything what it was."""
        while self._back:
            self._back.pop()()


class KeptTables:
    """Generations of tables, and which of them are active."""

    def __init__(self) -> None:
        self.generations: dict[tuple[_Name, int], Generation] = {}
        self.active: dict[_Name, int] = {}

    def prepare(self, table: Table, generation: int) -> bool:
        """Make the empty table of *generation* unless it is there; False when the table has another shape."""
        name = (table.name, table.version)
        if any(each.shape != table.shape for (there, _), each in self.generations.items() if there == name):
            return False
        self.generations.setdefault((name, generation), Generation(table.shape, {}))
        if generation == 1 and table.name.startswith(_INTERNAL):
            self.active.setdefault(name, 1)
        return True

    def discard(self, table: Table, generation: int) -> None:
        """Drop the table of *generation*, if it is there."""
        self.generations.pop(((table.name, table.version), generation), None)

    def remove(self, table: Table) -> int:
        """Drop every generation, and tell how many there were."""
        name = (table.name, table.version)
        self.active.pop(name, None)
        there = [key for key in self.generations if key[0] == name]
        for key in there:
            del self.generations[key]
        return len(there)

    def active_of(self, table: Table) -> int:
        """The active generation, 0 when there is none."""
        return self.active.get((table.name, table.version), 0)

    def rows(self, table: Table, generation: int | None) -> dict[str, Kept]:
        """The rows of a generation, of the active one when None; `TableMissing` when it is not there."""
        name = (table.name, table.version)
        number = self.active.get(name) if generation is None else generation
        found = None if number is None else self.generations.get((name, number))
        if found is None:
            raise TableMissing(table.name, table.version, generation)
        return found.rows

    def write(self, write: RowWrite | Insert, undo: Undo) -> None:
        """Put, delete or insert rows; see `Transacting.transact` for what it raises."""
        match write:
            case Put(table=table, rows=rows, generation=generation, shard=shard):
                self._put(
                    table, self.rows(table, generation), {key: Kept(row, shard) for key, row in rows.items()}, undo
                )
            case Delete(table=table, keys=keys, generation=generation):
                there = self.rows(table, generation)
                for key in keys:
                    undo.put(there, key, None)
            case Insert(table=table, key=key, row=row):
                there = self.rows(table, None)
                if key in there:
                    raise KeyTaken(table.name, key)
                undo.put(there, key, Kept(row, 0))

    def point(self, table: Table, generation: int, undo: Undo) -> None:
        """Make *generation* the active one."""
        self.rows(table, generation)
        undo.put(self.active, (table.name, table.version), generation)

    def read(self, reads: Iterable[tuple[Table, tuple[str, ...]]]) -> dict[tuple[str, str], bytes]:
        """The rows of active generations that are there, by name of the table and key."""
        found: dict[tuple[str, str], bytes] = {}
        for table, keys in reads:
            there = self.rows(table, None)
            found.update({(table.name, key): there[key].row for key in keys if key in there})
        return found

    def _put(self, table: Table, there: dict[str, Kept], rows: Mapping[str, Kept], undo: Undo) -> None:
        for key, row in rows.items():
            if key in there and there[key].shard != row.shard:
                raise ShardMismatch(table.name, row.shard)
            undo.put(there, key, row)


def _set(into: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value

"""The SQL of one generation of a table: made, written, read and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from leftfold.adapters.sqlite.cells import AFFINITIES, Bound, Derived
from leftfold.store.tables import Table

__all__ = ["Layout", "layout_of", "quoted"]

_BLOCK: Final = 50
_MOST_VALUES: Final = 32_766
_OWN: Final = '"#" integer primary key, key text not null unique, row text not null, shard integer not null'


class Layout:
    """The statements of one generation.

    Column `#` is there for the index of words, which knows rows by number; SQLite's own numbers change in a `VACUUM`.
    Words are kept in a table of SQLite's FTS5, one column for each of `Table.search`.

    Args:
        table: every generation of it has this shape.
        generation: counted from 1.
    """

    def __init__(self, table: Table, generation: int) -> None:
        self.table = table
        self.shape: str = table.shape
        self.generation = generation
        self.name: str = quoted(table.physical(generation))
        self.words: str = quoted(f"{table.physical(generation)}_search")
        self._columns = ["key", "row", "shard", *(quoted(column.name) for column in table.columns)]
        self._derived = Derived(table)
        self._searched = [[column.name for column in table.columns].index(name) for name in table.search]
        self.block: int = min(_BLOCK, _MOST_VALUES // len(self._columns))
        """Rows of one statement; starting a statement costs a third of what a row does."""
        self.put: str = self._put(1)
        self.put_block: str = self._put(self.block)
        self.insert: str = f"{self._into(1)} on conflict (key) do nothing"
        self.delete: str = f"delete from {self.name} where key = ?"
        self.get_one: str = f"select key, cast(row as blob) from {self.name} where key = ?"
        self.get: str = f"select key, cast(row as blob) from {self.name} where key in (select value from json_each(?))"
        self.scan: str = f"select key, cast(row as blob) from {self.name} where key >= ? order by key limit ?"

    def row(self, key: str, row: bytes, shard: int) -> list[Bound]:
        """What `put` and `insert` are given for *row*."""
        return [key, row.decode(), shard, *self._derived(row)]

    def rows(self, rows: Mapping[str, bytes], shard: int) -> list[list[Bound]]:
        """What `put` is given for each of *rows*."""
        derived = self._derived
        return [[key, row.decode(), shard, *derived(row)] for key, row in rows.items()]

    def texts(self, row: list[Bound]) -> list[str]:
        """The texts to search through of a row made by `row`."""
        return [str(row[3 + number] or "") for number in self._searched]

    def creation(self) -> list[str]:
        """What makes the table, its indexes and its index of words."""
        columns = "".join(f", {quoted(column.name)} {AFFINITIES[column.type]}" for column in self.table.columns)
        made = [f"create table {self.name} ({_OWN}{columns})"]
        for number, index in enumerate(self.table.indexes):
            name = quoted(f"{self.table.physical(self.generation)}_{number}")
            made.append(f"create index {name} on {self.name} ({', '.join(map(quoted, index))})")
        if self.table.search:
            columns = ", ".join(self.word_columns)
            made.append(f"create virtual table {self.words} using fts5({columns}, tokenize = 'ascii')")
        return made

    def removal(self) -> list[str]:
        """What drops all of it."""
        return [f"drop table {name}" for name in (self.name, self.words)[: 2 if self.table.search else 1]]

    def view(self, name: str) -> list[str]:
        """What lets the view *name* show key and columns."""
        columns = ", ".join(["key", *self._columns[3:]])
        return [
            f"drop view if exists {quoted(name)}",
            f"create view {quoted(name)} as select {columns} from {self.name}",
        ]

    @property
    def word_columns(self) -> list[str]:
        """The columns of the index of words: a name of the user's could be one of FTS5's own."""
        return [f"c{number}" for number in range(len(self.table.search))]

    def _into(self, rows: int) -> str:
        marks = f"({', '.join('?' * len(self._columns))})"
        return f"insert into {self.name} ({', '.join(self._columns)}) values {', '.join([marks] * rows)}"

    def _put(self, rows: int) -> str:
        new = ", ".join(f"{name} = excluded.{name}" for name in self._columns[1:])
        return f"{self._into(rows)} on conflict (key) do update set {new} where shard = excluded.shard"


@lru_cache(maxsize=256)
def layout_of(table: Table, generation: int) -> Layout:
    """The layout of one generation of *table*."""
    return Layout(table, generation)


def quoted(name: str) -> str:
    """*name*, which holds no quotation mark, as an identifier."""
    return f'"{name}"'

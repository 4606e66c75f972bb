"""The SQL of one generation of a table: made, written and dropped."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from leftfold.store.row_columns import cells_of
from leftfold.store.table_checks import words_in
from leftfold.store.tables import Column, ColumnType, Table

__all__ = ["LONGEST_WORD", "TYPES", "Layout", "layout_of", "quoted", "rows_schema", "words_of_row"]

TYPES: Final = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "bigint",
    ColumnType.REAL: "double precision",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIME: "timestamptz",
    ColumnType.DATE: "date",
    ColumnType.UUID: "uuid",
    ColumnType.JSON: "json",
}
"""Types of columns, as PostgreSQL calls them."""

LONGEST_WORD: Final = 256
"""Characters of a word that count."""

_MOST_OF_WORDS: Final = 256 * 1024
_LAST_PLACE: Final = 16_383


class Layout:
    """The statements of one generation.

    Column `#words` is there for searches. Keys are handed in sorted, so that no two writers wait for each other.

    Args:
        schema: the store's; the table is in the one beside it.
    """

    def __init__(self, schema: str, table: Table, generation: int) -> None:
        self.table = table
        self.shape: str = table.shape
        self.name: str = f"{rows_schema(schema)}.{quoted(table.physical(generation))}"
        keys = f"from {self.name} where key = any ($1::text[])"
        self.put: str = self._insert(f"do update set {self._news()} where t.shard = excluded.shard")
        self.insert: str = self._insert("do nothing")
        # All kinds in the order of the keys: what is to be deleted is put first, so that nobody else has it any more.
        first = 5 if table.search else 4
        self.mixed: str = self._insert(
            f"do update set {self._news()} where excluded.key = any (${first + 1}::text[]) "
            f"or (t.shard = excluded.shard and not excluded.key = any (${first}::text[]))"
        )
        self.rows: str = f'select key, "row" {keys}'
        self.delete: str = (
            f"with k as materialized (select key {keys} order by key for update) "
            f"delete from {self.name} t using k where t.key = k.key"
        )
        self.drop: str = f"drop table {self.name}"

    def creation(self) -> list[str]:
        """What makes the table and its indexes."""
        columns = "".join(f", {_declared(column)}" for column in self.table.columns)
        words = ', "#words" tsvector' if self.table.search else ""
        own = 'key text collate "C" primary key, "row" text not null, shard integer not null'
        made = [f"create table {self.name} ({own}{columns}{words})"]
        for index in self.table.indexes:
            ordered = "".join(f"{quoted(name)} nulls first, " for name in index)
            made.append(f"create index on {self.name} ({ordered}key)")
        if words:
            made.append(f'create index on {self.name} using gin ("#words")')
        return made

    def selection(self) -> str:
        """What a view of the table shows: key and columns."""
        return f"select {', '.join(['key', *(quoted(column.name) for column in self.table.columns)])} from {self.name}"

    def _names(self) -> list[str]:
        names = ["key", '"row"', "shard", *(quoted(column.name) for column in self.table.columns)]
        return [*names, '"#words"'] if self.table.search else names

    def _news(self) -> str:
        return ", ".join(f"{name} = excluded.{name}" for name in self._names()[1:])

    def _insert(self, otherwise: str) -> str:
        values = ["q.key", 'q."row"', "q.shard", *(f"r.{quoted(column.name)}" for column in self.table.columns)]
        arrays, names, cells = "$1::text[], $2::text[], $3::text::integer[]", 'key, "row", shard', ""
        if self.table.search:
            values.append("q.words::tsvector")
            arrays, names = f"{arrays}, $4::text[]", f"{names}, words"
        if self.table.columns:
            members = ", ".join(f"{quoted(column.name)} {TYPES[column.type]}" for column in self.table.columns)
            cells = f'cross join lateral json_to_record(q."row"::json) r ({members})'
        return (
            f"insert into {self.name} as t ({', '.join(self._names())}) select {', '.join(values)} "
            f"from unnest({arrays}) q ({names}) {cells} on conflict (key) {otherwise} returning t.key"
        )


@lru_cache(maxsize=512)
def layout_of(schema: str, table: Table, generation: int) -> Layout:
    """The layout of one generation of *table*."""
    return Layout(schema, table, generation)


def words_of_row(table: Table, row: bytes) -> str:
    """The words of the columns that searches of *table* look through, and their places, as PostgreSQL writes them.

    What is beyond a quarter of a million characters of different words is not found; of a word, 256 characters count.
    """
    cells = dict(zip((column.name for column in table.columns), cells_of(table, row), strict=True))
    places: dict[str, list[str]] = {}
    room = _MOST_OF_WORDS
    words = (word[:LONGEST_WORD] for name in table.search for word in words_in(str(cells[name] or "")))
    for place, word in enumerate(words, 1):
        if word not in places:
            room -= len(word)
            if room < 0:
                break
        places.setdefault(word, []).append(f"{min(place, _LAST_PLACE)}")
    return " ".join(f"'{word}':{','.join(there)}" for word, there in places.items())


def rows_schema(schema: str) -> str:
    """The schema of the rows beside the one of the log, quoted."""
    return quoted(f"{schema}_read")


def quoted(name: str) -> str:
    """*name*, which holds no quotation mark, as an identifier."""
    return f'"{name}"'


def _declared(column: Column) -> str:
    collation = ' collate "C"' if column.type is ColumnType.TEXT else ""
    return f"{quoted(column.name)} {TYPES[column.type]}{collation}"

"""What a transaction writes beside events: rows, checkpoints, work, and which generation is active."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain

from leftfold.adapters.sqlite.cells import Bound
from leftfold.adapters.sqlite.checkpoints import storable
from leftfold.adapters.sqlite.layout import Layout
from leftfold.adapters.sqlite.naming import Naming
from leftfold.adapters.sqlite.registry import activate, find
from leftfold.adapters.sqlite.rows import COLUMNS, event_of
from leftfold.adapters.sqlite.searching import forget_words, keep_words
from leftfold.adapters.sqlite.tables import rows_under
from leftfold.adapters.sqlite.work_writing import rouses, write_work
from leftfold.errors import Fenced, InvalidInput, KeyTaken, ShardMismatch
from leftfold.store.events import Appended
from leftfold.store.projecting import projected, rest_behind, rest_keys, rest_writes
from leftfold.store.tables import Table
from leftfold.store.transaction import Advance, Delete, Insert, Point, Put, Transaction, Write
from leftfold.store.work import Begin, End, Revise, WorkWrite

__all__ = ["RowWriter"]

_ADVANCE = """update checkpoints set position = ?, event_id = ?, moved_at = ?
where name = ? and token = ? and position <= ?"""
_CLAIMED = "select token, position from checkpoints where name = ?"
_BEHIND = f"select {COLUMNS} from events where position > ? order by position"
_KIND = "select type from sqlite_schema where name = ? collate nocase and type <> 'view'"


class RowWriter:
    """Writes what transactions of one group commit hold beside events.

    Args:
        cursor: of the connection that has begun; the caller takes back what an error leaves half done.
        naming: the names of its streams and tags.
        now: microseconds since 1970.
    """

    wakes: bool = False
    """Whether there is work that will be due without anybody's lease ending."""

    def __init__(self, cursor: sqlite3.Cursor, naming: Naming, now: int) -> None:
        self._cursor = cursor
        self._naming = naming
        self._now = now
        self._found: dict[tuple[str, int, int | None], Layout] = {}

    def write(self, transaction: Transaction, appended: Appended) -> None:
        """Write everything of *transaction* but its events, which are there already.

        Raises:
            Fenced, KeyTaken, ShardMismatch, NotAtHead, TableMissing: see `Transacting.transact`.
            Exception: what an `Inline` raised.
        """
        for write in transaction.writes:
            self._write(write, appended.position)
        for inline in transaction.inline:
            for write in projected(inline, appended, self._rows(inline.reads)):
                self._write(write, appended.position)

    def work(self, write: WorkWrite) -> None:
        """Write one work item, wholly or not at all."""
        write_work(self._cursor, write, self._now)
        if rouses(write):
            self.wakes = True

    def forget(self) -> None:
        """Forget which generations are active: that was changed, or taken back."""
        self._found.clear()

    def _layout(self, table: Table, generation: int | None) -> Layout:
        key = (table.name, table.version, generation)
        layout = self._found.get(key)
        if layout is None or layout.table != table:
            layout = self._found[key] = find(self._cursor, table, generation)
        return layout

    def _rows(self, reads: Sequence[tuple[Table, tuple[str, ...]]]) -> dict[tuple[str, str], bytes]:
        rows: dict[tuple[str, str], bytes] = {}
        for table, keys in reads:
            found = rows_under(self._cursor, self._layout(table, None), keys)
            rows.update({(table.name, key): row for key, row in found.items()})
        return rows

    def _write(self, write: Write, head: int) -> None:
        match write:
            case Put(table=table, rows=rows, generation=generation, shard=shard):
                self._put(self._layout(table, generation), rows, shard)
            case Delete(table=table, keys=keys, generation=generation):
                self._delete(self._layout(table, generation), keys)
            case Insert(table=table, key=key, row=row):
                self._insert(self._layout(table, None), key, row)
            case Advance():
                self._advance(write)
            case Point():
                self._point(write, head)
            case Begin() | Revise() | End():
                self.work(write)

    def _put(self, layout: Layout, rows: Mapping[str, bytes], shard: int) -> None:
        new = layout.rows(rows, shard)
        if self._written(layout, new) < len(new):
            raise ShardMismatch(layout.table.name, shard)
        if layout.table.search:
            keep_words(self._cursor, layout, new)

    def _written(self, layout: Layout, rows: Sequence[list[Bound]]) -> int:
        rest = len(rows) % layout.block
        count = 0
        for at in range(0, len(rows) - rest, layout.block):
            values = list(chain.from_iterable(rows[at : at + layout.block]))
            count += self._cursor.execute(layout.put_block, values).rowcount
        if rest:
            count += self._cursor.executemany(layout.put, rows[-rest:]).rowcount
        return count

    def _delete(self, layout: Layout, keys: Sequence[str]) -> None:
        if layout.table.search:
            forget_words(self._cursor, layout, keys)
        self._cursor.executemany(layout.delete, ((key,) for key in keys))

    def _insert(self, layout: Layout, key: str, row: bytes) -> None:
        new = layout.row(key, row, 0)
        if self._cursor.execute(layout.insert, new).rowcount == 0:
            raise KeyTaken(layout.table.name, key)
        if layout.table.search:
            keep_words(self._cursor, layout, [new])

    def _advance(self, write: Advance) -> None:
        event_id = None if write.event_id is None else str(write.event_id)
        values = (write.position, event_id, self._now, write.name, storable(write.token), write.position)
        if self._cursor.execute(_ADVANCE, values).rowcount:
            return
        for token, position in self._cursor.execute(_CLAIMED, (write.name,)).fetchall():
            if token == write.token:
                raise InvalidInput(
                    f"checkpoint {write.name!r} is at position {position} and cannot go back to {write.position}"
                )
        raise Fenced(write.name, write.token)

    def _point(self, write: Point, head: int) -> None:
        rest = rest_behind(write, head)
        layout = self._layout(write.table, write.generation)
        if rest is not None:
            rows = self._cursor.execute(_BEHIND, (write.at_head,)).fetchall()
            events = [event_of(row, self._naming) for row in rows]
            there = rows_under(self._cursor, layout, rest_keys(rest, events))
            for change in rest_writes(rest, events, there):
                self._write(change, head)
        activate(self._cursor, write.table, write.generation)
        self.forget()
        if write.view is None:
            return
        for (kind,) in self._cursor.execute(_KIND, (write.view,)).fetchall():
            raise InvalidInput(f"the database has something else called {write.view!r}: {kind}; name another view")
        for statement in layout.view(write.view):
            self._cursor.execute(statement)

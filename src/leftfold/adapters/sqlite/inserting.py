"""Events on their way into the file, with as few statements and as few values as can be.

To begin a statement, and to hand over its values, takes time beside what storing them takes. So many rows go in by one
statement; and of events that follow each other in a stream, what they share is said once. What is large goes in row by
row: a statement keeps its last values.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from leftfold.adapters.sqlite.rows import Run, Value

__all__ = ["Inserts", "Shared"]

Shared: TypeAlias = tuple[int, int, int, str, str | None, int | None, int]
"""Position, stream and version of the first of some events; metadata, tags, valid and recorded time of all of them."""

# A failed insert ends the transaction anyway; `or fail` spares SQLite the preparation for undoing it alone.
_INSERT: Final = "insert or fail into events (position, stream, version, metadata, tags, occurred_at, recorded_at, "
_INSERT_EVENTS: Final = f"{_INSERT}type, schema_version, id, data) values "
_INSERT_TAGS: Final = "insert or fail into tags (tag, position) values "
_INSERT_RUN: Final = (
    "insert or fail into tags (tag, position) select ?, position from events where position between ? and ?"
)
_SHARED: Final = 7
_OWN: Final = 4
_WIDTH: Final = _SHARED + _OWN
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64)  # of statements, in rows: any number of rows is a sum of few of them
_WARNED: Final = sys.version_info[:2] >= (3, 12) and sys.version_info[:3] < (3, 12, 4)  # of each numbered value
_FEW: Final = sys.maxsize if _WARNED else 4  # events share too little to be worth a statement of their own
_METADATA: Final = 3
_MUCH: Final = 256 * 1024  # text for many rows at a time: each statement keeps its last values as long as it is kept


class Inserts:
    """Events and their tags that are to be inserted, in the order of their positions."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._stretches: list[tuple[Shared, list[Value]]] = []
        self._runs: list[Run] = []
        self._much = False

    def begin(self, shared: Shared) -> list[Value]:
        """Take events that follow each other in a stream, and in the log.

        Returns:
            Where to put type, schema version, id and payload of each, one after another.
        """
        own: list[Value] = []
        self._stretches.append((shared, own))
        return own

    def tag(self, numbers: Sequence[int], first: int, last: int) -> None:
        """Tag the events from position *first* to *last*."""
        self._runs += [(number, first, last) for number in numbers]

    def write(self, size: int) -> None:
        """Insert all that was taken.

        Args:
            size: bytes of its payloads and metadata, or more than that.
        """
        self._much = size > _MUCH
        rows: list[Value] = []
        for shared, own in self._stretches:
            if len(own) == _OWN:
                rows += shared
                rows += own
            elif len(own) < _FEW * _OWN:
                for number in range(len(own) // _OWN):
                    rows += _moved(shared, number)
                    rows += own[number * _OWN : (number + 1) * _OWN]
            else:
                self._write_rows(rows)
                rows = []
                self._write_stretch(shared, own)
        self._write_rows(rows)
        self._write_tags()
        self.clear()

    def clear(self) -> None:
        """Forget all that was taken."""
        self._stretches.clear()
        self._runs.clear()

    def _write_rows(self, rows: list[Value]) -> None:
        for at, size in _pieces(len(rows) // _WIDTH):
            piece = rows[at * _WIDTH : (at + size) * _WIDTH]
            if not self._much or _length(piece[_METADATA::_WIDTH]) + _length(piece[_WIDTH - 1 :: _WIDTH]) <= _MUCH:
                self._cursor.execute(_ROWS[size], piece)
            else:
                for row in range(size):
                    self._cursor.execute(_ROWS[1], piece[row * _WIDTH : (row + 1) * _WIDTH])

    def _write_stretch(self, shared: Shared, own: list[Value]) -> None:
        for at, size in _pieces(len(own) // _OWN):
            first, piece = _moved(shared, at), own[at * _OWN : (at + size) * _OWN]
            if not self._much or len(shared[_METADATA]) + _length(piece[_OWN - 1 :: _OWN]) <= _MUCH:
                self._cursor.execute(_STRETCHES[size], (*first, *piece))
            else:
                for row in range(size):
                    self._cursor.execute(_ROWS[1], (*_moved(first, row), *piece[row * _OWN : (row + 1) * _OWN]))

    def _write_tags(self) -> None:
        lone: list[Value] = []
        for tag, first, last in self._runs:
            if first == last:
                lone += (tag, first)
            else:
                self._cursor.execute(_INSERT_RUN, (tag, first, last))
        for at, size in _pieces(len(lone) // 2):
            self._cursor.execute(_TAGS[size], lone[at * 2 : (at + size) * 2])


def _moved(shared: Shared, by: int) -> Shared:
    position, stream, version, *_ = shared
    return (position + by, stream, version + by, *shared[3:])


def _length(texts: list[Value]) -> int:
    return sum(map(len, map(str, texts)))


def _pieces(count: int) -> Iterator[tuple[int, int]]:
    """Where each statement for *count* rows begins, and its size."""
    at = 0
    while left := count - at:
        size = min(_SIZES[-1], 1 << left.bit_length() - 1)
        yield at, size
        at += size


def _rows(width: int, size: int) -> str:
    return ", ".join([f"({', '.join('?' * width)})"] * size)


def _stretch_sql(size: int) -> str:
    rows: list[str] = []
    for number in range(size):
        own = ", ".join(f"?{_SHARED + number * _OWN + column}" for column in range(1, _OWN + 1))
        rows.append(f"(?1 + {number}, ?2, ?3 + {number}, ?4, ?5, ?6, ?7, {own})")
    return f"{_INSERT_EVENTS}{', '.join(rows)}"


_ROWS: Final = {size: f"{_INSERT_EVENTS}{_rows(_WIDTH, size)}" for size in _SIZES}
_TAGS: Final = {size: f"{_INSERT_TAGS}{_rows(2, size)}" for size in _SIZES}
_STRETCHES: Final = {size: _stretch_sql(size) for size in _SIZES}

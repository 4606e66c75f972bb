"""Which generations of a table are in the file, and which one is active."""

from __future__ import annotations

import sqlite3

from leftfold.adapters.sqlite.layout import Layout, layout_of
from leftfold.errors import TableMismatch, TableMissing
from leftfold.store.tables import Table

__all__ = ["activate", "active", "enter", "find", "leave", "shapes"]

_OF = "from tables where name = ? and version = ?"
_ACTIVE = f"select generation, shape {_OF} and active"
_GIVEN = f"select generation, shape {_OF} and generation = ?"
_SHAPES = f"select generation, shape {_OF}"
_INSERT = "insert into tables (name, version, generation, shape, active) values (?, ?, ?, ?, 0)"
_POINT = f"update tables set active = ? {_OF.removeprefix('from tables ')} and generation = ?"
_LEAVE = f"delete {_OF} and generation = ?"


def active(cursor: sqlite3.Cursor, table: Table) -> int:
    """The active generation, 0 when there is none."""
    found: list[tuple[int, str]] = cursor.execute(_ACTIVE, (table.name, table.version)).fetchall()
    return found[0][0] if found else 0


def find(cursor: sqlite3.Cursor, table: Table, generation: int | None) -> Layout:
    """The *generation* that was asked for, the active one for None.

    Raises:
        TableMissing: it is not there.
        TableMismatch: it has another shape than *table*.
    """
    named = (table.name, table.version)
    found: list[tuple[int, str]] = (
        cursor.execute(_ACTIVE, named) if generation is None else cursor.execute(_GIVEN, (*named, generation))
    ).fetchall()
    if not found:
        raise TableMissing(table.name, table.version, generation)
    layout = layout_of(table, found[0][0])
    if layout.shape != found[0][1]:
        raise TableMismatch(table.name, table.version)
    return layout


def shapes(cursor: sqlite3.Cursor, table: Table) -> dict[int, str]:
    """The shape of every generation that is there."""
    return dict(cursor.execute(_SHAPES, (table.name, table.version)).fetchall())


def enter(cursor: sqlite3.Cursor, table: Table, generation: int) -> None:
    """Note that *generation* is there now."""
    cursor.execute(_INSERT, (table.name, table.version, generation, table.shape))


def leave(cursor: sqlite3.Cursor, table: Table, generation: int) -> None:
    """Note that *generation* is not there any more."""
    cursor.execute(_LEAVE, (table.name, table.version, generation))


def activate(cursor: sqlite3.Cursor, table: Table, generation: int) -> None:
    """Make *generation*, which is there, the active one."""
    cursor.execute(_POINT, (0, table.name, table.version, active(cursor, table)))
    cursor.execute(_POINT, (1, table.name, table.version, generation))

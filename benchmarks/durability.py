"""What durability rests on, read back from the databases."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

__all__ = ["Settings", "postgres_settings", "sqlite_settings", "watch_sqlite"]

Settings: TypeAlias = Mapping[str, str | int | float]
"""Names and values, as the database says them."""

_SYNCHRONOUS = ("off", "normal", "full", "extra")
_NAMES = ["commit_delay", "fsync", "full_page_writes", "server_version", "synchronous_commit", "wal_sync_method"]

_connections: list[sqlite3.Connection] = []


def watch_sqlite() -> None:
    """Remember every SQLite connection of this process: `synchronous` belongs to a connection, so only it can tell."""
    sys.addaudithook(_remember)


def sqlite_settings(path: Path) -> Settings:
    """The settings of this process's open connections to the file at *path*; those that differ are all named."""
    found = [_pragmas(connection) for connection in _connections if _file(connection) == path.resolve()]
    names = sorted({name for settings in found for name in settings})
    return {name: " and ".join(sorted({settings[name] for settings in found})) for name in names}


async def postgres_settings(connection: Connection) -> Settings:
    """The settings that hold for sessions of this connection's user and database."""
    rows = await connection.fetch("select name, setting from pg_settings where name = any ($1)", _NAMES)
    return {str(row["name"]): str(row["setting"]) for row in rows}


def _remember(event: str, arguments: tuple[object, ...]) -> None:
    if event == "sqlite3.connect/handle" and isinstance(arguments[0], sqlite3.Connection):
        _connections.append(arguments[0])


def _file(connection: sqlite3.Connection) -> Path | None:
    try:
        file: str = connection.execute("pragma database_list").fetchone()[2]
    except sqlite3.ProgrammingError:  # closed, or another thread's
        return None
    return Path(file).resolve()


def _pragmas(connection: sqlite3.Connection) -> dict[str, str]:
    synchronous: int = connection.execute("pragma synchronous").fetchone()[0]
    mode: str = connection.execute("pragma journal_mode").fetchone()[0]
    fullfsync: int = connection.execute("pragma fullfsync").fetchone()[0]
    return {
        "synchronous": _SYNCHRONOUS[synchronous],
        "journal_mode": mode,
        "fullfsync": str(fullfsync),
        "sqlite_version": sqlite3.sqlite_version,
    }

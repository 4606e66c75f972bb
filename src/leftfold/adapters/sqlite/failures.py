"""SQLite's errors, told once in the words of the error tree."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from leftfold.adapters.sqlite.location import url_of
from leftfold.errors import (
    AccessDenied,
    AppendRefused,
    SchemaMismatch,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFull,
    StoreUnavailable,
)
from leftfold.store.urls import migrating

__all__ = ["is_busy", "is_input_output", "translated"]

_HELD = "Another process holds the file; end its transaction or wait longer (deadline_s)"
_BESIDE = (
    "Nothing was stored; SQLite makes files beside it, to read it as well: let this process write its directory, "
    "or copy it to one that it may write"
)
_UNAVAILABLE: dict[int, tuple[type[StoreUnavailable], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, _HELD),
    sqlite3.SQLITE_LOCKED: (StoreBusy, _HELD),
    sqlite3.SQLITE_FULL: (StoreFull, "Nothing was stored; free some space and append again"),
    sqlite3.SQLITE_CORRUPT: (StoreUnavailable, "The file is damaged; restore it from a backup"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, _BESIDE),
    sqlite3.SQLITE_NOTADB: (StoreUnavailable, "Give the path of a Leftfold store, or of a file that is not there yet"),
}
_NO_ROOM = sqlite3.SQLITE_IOERR_SHMSIZE
"""What a full disk says where the file beside a store that all its processes share is to be made."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DENIED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_REFUSED = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the file."""
    return _primary(error) in _BUSY


def is_input_output(error: sqlite3.Error) -> bool:
    """Whether the system below failed to read, write or flush."""
    return _primary(error) == sqlite3.SQLITE_IOERR


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """The error of our tree that says what *error* means and what to do."""
    code = sqlite3.SQLITE_FULL if getattr(error, "sqlite_errorcode", -1) == _NO_ROOM else _primary(error)
    name = getattr(error, "sqlite_errorname", None)
    where = f"SQLite file {path}: {error}" + (f" ({name})" if name else "")
    if code in _DENIED:
        return AccessDenied(f"SQLite file {path}: {error}", "let this process write the file and its directory", name)
    if code in _REFUSED:
        return AppendRefused(str(error), name)
    if code == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return SchemaMismatch(0, 1, f"{error}; run `{migrating(url_of(path))}`")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreClosed(f"the store on {path} was closed; open it again")
    if "decode to UTF-8" in str(error):
        return StoreError(f"the file is damaged: {path}: {error}; restore it from a backup")
    kind, advice = _UNAVAILABLE.get(code, (StoreUnavailable, "Nothing was stored; mend the cause and try again"))
    return kind(f"{where}. {advice}")


def _primary(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else code

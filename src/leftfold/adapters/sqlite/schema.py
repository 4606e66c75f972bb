"""The schema of an SQLite store and its versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files

from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.waiting import when_free
from leftfold.errors import SchemaMismatch, StoreUnavailable
from leftfold.store.schema import Migration, SchemaStatus, check_code, status_in

__all__ = ["APPLICATION_ID", "MIGRATIONS", "SqliteSchema", "connect", "install", "prepare", "status_of"]

APPLICATION_ID = 0x4C46_4C44
"""Marks the file as ours in SQLite's header; `file` and SQLite's tools show it."""

MIGRATIONS: Sequence[Migration] = (
    Migration(version=1, needs_code=1, name="0001_events"),
    Migration(version=2, needs_code=1, name="0002_snapshots"),
    Migration(version=3, needs_code=1, name="0003_rows"),
    Migration(version=4, needs_code=1, name="0004_work"),
    Migration(version=5, needs_code=1, name="0005_work_held"),
)
_LOG_BYTES = 64 * 1024 * 1024
"""Most that the write-ahead log keeps of the disk once all of it is in the database: one append fits into it."""


class SqliteSchema:
    """Migrates one SQLite store. See `leftfold.store.SchemaAdmin`."""

    def __init__(self, location: SqliteLocation) -> None:
        self._location = location

    async def status(self) -> SchemaStatus:
        """See `SchemaAdmin.status`; makes no file."""
        if not _is_there(self._location):
            return status_in({}, MIGRATIONS)
        return await when_free(lambda: self._with(status_of), self._location)

    async def migrate(self) -> SchemaStatus:
        """See `SchemaAdmin.migrate`; makes the file when there is none."""
        return await when_free(lambda: self._with(self._migrated), self._location)

    def script(self, after: int = 0) -> str:
        """See `SchemaAdmin.script`."""
        return "".join(
            f"begin immediate;\n{_text(migration)}{_stamp(migration)};\ncommit;\n"
            for migration in MIGRATIONS
            if migration.version > after
        )

    def _migrated(self, connection: sqlite3.Connection) -> SchemaStatus:
        prepare(connection, self._location)
        install(connection)
        return status_of(connection)

    def _with(self, work: Callable[[sqlite3.Connection], SchemaStatus]) -> SchemaStatus:
        connection = connect(self._location)
        try:
            return work(connection)
        finally:
            connection.close()


def connect(location: SqliteLocation) -> sqlite3.Connection:
    """Open the file as it is and change nothing in it; a file of another application is refused.

    A busy file is an error at once: SQLite's own waiting would block the event loop.
    """
    try:
        connection = sqlite3.connect(location.path, timeout=0.0, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, UnicodeError) as error:
        advice = "let this process read and write it" if _is_there(location) else "does its directory exist?"
        why = "it is a directory; name a file in it" if location.path.is_dir() else f"{error}; {advice}"
        raise StoreUnavailable(f"cannot open SQLite file {location.path}: {why}") from error
    try:
        _check_ours(connection, location)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_there(location: SqliteLocation) -> bool:
    """Whether the file is there; raises `StoreUnavailable` where nobody can tell, as in a directory that is closed."""
    try:
        return location.path.exists()
    except OSError as error:
        why = f"{error.strerror}; let this process enter its directory, or give another path"
        raise StoreUnavailable(f"cannot open SQLite file {location.path}: {why}") from error


def prepare(connection: sqlite3.Connection, location: SqliteLocation) -> None:
    """Put the file into WAL mode, and the connection into the location's durability."""
    mode: str = connection.execute("pragma journal_mode = wal").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(f"{location.path} is in journal mode {mode!r}; its file system allows no WAL")
    connection.execute(f"pragma journal_size_limit = {_LOG_BYTES}")
    connection.execute(f"pragma synchronous = {location.durability}")
    connection.execute("pragma fullfsync = 1")
    connection.execute("pragma checkpoint_fullfsync = 1")


def _check_ours(connection: sqlite3.Connection, location: SqliteLocation) -> None:
    # In this order: the mark is committed together with the first table.
    tables: int = connection.execute("select count(*) from sqlite_schema").fetchone()[0]
    mark: int = connection.execute("pragma application_id").fetchone()[0]
    if tables and mark != APPLICATION_ID:
        advice = f"{location.path} holds tables of another application; give another path"
        raise SchemaMismatch(0, MIGRATIONS[-1].version, advice)


def status_of(connection: sqlite3.Connection) -> SchemaStatus:
    """Which schema the file holds."""
    if connection.execute("select count(*) from sqlite_schema where name = 'meta'").fetchone()[0] == 0:
        return status_in({}, MIGRATIONS)
    meta: dict[str, int] = dict(connection.execute("select name, value from meta"))
    return status_in(meta, MIGRATIONS)


def install(connection: sqlite3.Connection) -> None:
    """Apply every pending migration in one transaction."""
    connection.execute("begin immediate")
    try:
        status = status_of(connection)
        check_code(status)
        for migration in status.pending:
            for statement in _statements(_text(migration)):
                connection.execute(statement)
            for statement in _stamp(migration).split(";\n"):
                connection.execute(statement)
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _text(migration: Migration) -> str:
    return files("leftfold.adapters.sqlite").joinpath("sql", f"{migration.name}.sql").read_text("utf-8")


def _stamp(migration: Migration) -> str:
    return (
        f"pragma application_id = {APPLICATION_ID};\n"
        f"insert into meta values ('schema_version', {migration.version}), ('needs_code', {migration.needs_code})"
        " on conflict (name) do update set value = excluded.value"
    )


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

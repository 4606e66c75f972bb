"""The schema of an SQLite store and its versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files

from leftfold.adapters.sqlite.failures import translated
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.errors import SchemaMismatch, StoreUnavailable
from leftfold.store.schema import Migration, SchemaStatus

__all__ = ["APPLICATION_ID", "MIGRATIONS", "SqliteSchema", "check_schema", "connect", "install", "status_of"]

APPLICATION_ID = 0x4C46_4C44
"""Marks the file as ours in SQLite's header; `file` and SQLite's tools show it."""

MIGRATIONS: Sequence[Migration] = (Migration(version=1, needs_code=1, name="0001_events"),)


class SqliteSchema:
    """Migrates one SQLite store. See `leftfold.store.SchemaAdmin`."""

    def __init__(self, location: SqliteLocation) -> None:
        self._location = location

    async def status(self) -> SchemaStatus:
        """See `SchemaAdmin.status`; makes no file."""
        if not self._location.path.exists():
            return SchemaStatus(found=0, needs_code=0, pending=tuple(MIGRATIONS))
        with _closing(self._location) as connection:
            return status_of(connection)

    async def migrate(self) -> SchemaStatus:
        """See `SchemaAdmin.migrate`; makes the file when there is none."""
        with _closing(self._location) as connection:
            install(connection, self._location)
            return status_of(connection)

    def script(self, after: int = 0) -> str:
        """See `SchemaAdmin.script`."""
        return "".join(
            f"begin immediate;\n{_text(migration)}{_stamp(migration)};\ncommit;\n"
            for migration in MIGRATIONS
            if migration.version > after
        )


@contextmanager
def _closing(location: SqliteLocation) -> Generator[sqlite3.Connection, None, None]:
    try:
        with closing(connect(location, timeout_s=location.deadline_s)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise translated(error, location.path) from error


def connect(location: SqliteLocation, *, timeout_s: float = 0.0) -> sqlite3.Connection:
    """Open the file in WAL mode with the location's durability.

    Args:
        timeout_s: how long SQLite itself waits for a busy file, blocking; 0 inside an event loop.
    """
    try:
        connection = sqlite3.connect(location.path, timeout=timeout_s, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreUnavailable(
            f"cannot open SQLite file {location.path}: {error}; does its directory exist?"
        ) from error
    try:
        mode: str = connection.execute("pragma journal_mode = wal").fetchone()[0]
        if mode != "wal":
            raise StoreUnavailable(f"{location.path} is in journal mode {mode!r}; its file system allows no WAL")
        connection.execute(f"pragma synchronous = {location.durability}")
        connection.execute("pragma fullfsync = 1")
        connection.execute("pragma checkpoint_fullfsync = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def status_of(connection: sqlite3.Connection) -> SchemaStatus:
    """Which schema the file holds."""
    if connection.execute("select count(*) from sqlite_schema where name = 'meta'").fetchone()[0] == 0:
        return SchemaStatus(found=0, needs_code=0, pending=tuple(MIGRATIONS))
    meta: dict[str, int] = dict(connection.execute("select name, value from meta"))
    found = meta.get("schema_version", 0)
    return SchemaStatus(
        found=found,
        needs_code=meta.get("needs_code", 0),
        pending=tuple(migration for migration in MIGRATIONS if migration.version > found),
    )


def check_schema(connection: sqlite3.Connection, location: SqliteLocation) -> None:
    """Raise `SchemaMismatch` unless this code can work with the file's schema."""
    status = status_of(connection)
    newest = MIGRATIONS[-1].version
    if status.needs_code > newest:
        raise SchemaMismatch(status.found, newest, "A newer Leftfold wrote it; install that version")
    if status.pending:
        raise SchemaMismatch(status.found, newest, f"Run `leftfold migrate --store sqlite:///{location.path}`")


def install(connection: sqlite3.Connection, location: SqliteLocation) -> None:
    """Apply every pending migration in one transaction; a file of another application is refused."""
    connection.execute("begin immediate")
    try:
        status = status_of(connection)
        if status.needs_code > MIGRATIONS[-1].version:
            check_schema(connection, location)
        if status.found == 0 and connection.execute("select count(*) from sqlite_schema").fetchone()[0]:
            raise SchemaMismatch(0, MIGRATIONS[-1].version, f"{location.path} holds tables of another application")
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

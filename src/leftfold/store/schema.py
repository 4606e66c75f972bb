"""The port of a store's own schema: which version is there, which is needed, how to get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from leftfold.errors import SchemaMismatch
from leftfold.store.urls import migrating

__all__ = ["Migration", "SchemaAdmin", "SchemaStatus", "check_code", "check_current", "status_in"]


class Migration(Struct, frozen=True, kw_only=True):
    """One step of a store's schema.

    Args:
        version: of the schema after this step, counted from 1.
        needs_code: the oldest code that can still work with it, as the schema version that code was made for. A step
            that old code does not notice keeps its predecessor's, so a deployment can roll.
        name: of its SQL file.
    """

    version: int
    needs_code: int
    name: str


class SchemaStatus(Struct, frozen=True, kw_only=True):
    """What a database holds and what it lacks.

    Args:
        found: its schema version, 0 when it holds no store.
        needed: the schema version this code was made for.
        needs_code: the oldest code that can work with it, as a schema version.
        pending: the steps that `migrate` would take, in order.
    """

    found: int
    needed: int
    needs_code: int
    pending: tuple[Migration, ...]


def status_in(meta: Mapping[str, int], migrations: Sequence[Migration]) -> SchemaStatus:
    """The status of a database that says *meta* of itself, nothing when it holds no store."""
    found = meta.get("schema_version", 0)
    pending = tuple(migration for migration in migrations if migration.version > found)
    needs_code = meta.get("needs_code", 0)
    return SchemaStatus(found=found, needed=migrations[-1].version, needs_code=needs_code, pending=pending)


def check_code(status: SchemaStatus) -> None:
    """Raise `SchemaMismatch` when a database needs newer code."""
    if status.needs_code > status.needed:
        raise SchemaMismatch(status.found, status.needed, "A newer Leftfold wrote it; install that version")


def check_current(status: SchemaStatus, url: str) -> None:
    """Raise `SchemaMismatch` unless this code can work with the database at *url* as it is."""
    check_code(status)
    if status.pending:
        none = "" if status.found else "No store is there yet. "
        raise SchemaMismatch(status.found, status.needed, f"{none}Run `{migrating(url)}`")


class SchemaAdmin(Protocol):
    """Migrates one store."""

    async def status(self) -> SchemaStatus:
        """Look, and change nothing."""
        ...

    async def migrate(self) -> SchemaStatus:
        """Take every pending step; doing it twice, or from two processes at once, is the same as once.

        Raises:
            SchemaMismatch: the database needs newer code, or belongs to another application.
        """
        ...

    def script(self, after: int = 0) -> str:
        """The SQL of every step above schema version *after*, for somebody else to run."""
        ...

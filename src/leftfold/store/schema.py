"""The port of a store's own schema: which version is there, which is needed, how to get there."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

__all__ = ["Migration", "SchemaAdmin", "SchemaStatus"]


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

"""The schema of a PostgreSQL store and its versions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Final

import asyncpg

from leftfold.adapters.postgres.connecting import OWN_PATH_HERE, Connection, Connector, transaction_on
from leftfold.adapters.postgres.failures import translated
from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.adapters.postgres.migrations import MIGRATIONS, NEWEST
from leftfold.errors import LeftfoldError, SchemaMismatch
from leftfold.store.schema import Migration, SchemaStatus, check_code, status_in

__all__ = ["PostgresSchema", "status_of"]

_FOR_APPLICATIONS = (
    *("append_v1", "append_part_v1", "append_one_v1", "append_parts_v1"),
    *("now_v1", "tables_v1", "hold_v1", "claim_v1", "show_v1"),
    *("work_write_v1", "work_claim_v1"),
)


_MADE_AS: Final = (
    "select substring(prosrc from '\"([a-z0-9_]+)\"[.]events') from pg_proc "
    "where pronamespace = to_regnamespace($1) and proname = 'append_v1'"
)
"""The name that a schema had when its functions were made, which hold it."""


class PostgresSchema:
    """Migrates one PostgreSQL store. See `leftfold.store.SchemaAdmin`.

    Args:
        role: a database role that applications append and read as; it gets no more than that takes.
    """

    def __init__(self, location: PostgresLocation, *, role: str | None = None) -> None:
        self._location = location
        self._role = role

    async def status(self) -> SchemaStatus:
        """See `SchemaAdmin.status`."""
        async with self._connected() as connection:
            return await status_of(connection, self._location.schema)

    async def migrate(self) -> SchemaStatus:
        """See `SchemaAdmin.migrate`; makes the database schema when there is none, in one transaction.

        Where nothing is to be done nothing is written: a database that takes no writes is no hindrance, nor a role.
        """
        async with self._connected() as connection:
            status = await status_of(connection, self._location.schema)
            if self._role is None and not status.pending:
                check_code(status)
                return status
            await connection.execute(_turn(self._location.schema))
            status = await status_of(connection, self._location.schema)
            check_code(status)
            for migration in status.pending:
                await connection.execute(_step(migration, self._location.schema))
            if self._role is not None:
                await connection.execute(_grants(self._location.schema, self._role))
            return await status_of(connection, self._location.schema)

    def script(self, after: int = 0) -> str:
        """See `SchemaAdmin.script`; with a role, what it is granted comes last."""
        steps = [_step(migration, self._location.schema) for migration in MIGRATIONS if migration.version > after]
        if self._role is not None:
            steps.append(_grants(self._location.schema, self._role))
        return "\n".join(["begin;", f"{OWN_PATH_HERE};", _turn(self._location.schema), *steps, "commit;", ""])

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Connection]:
        connector = Connector(self._location)
        try:
            connection = await connector.connect(plain=True)
            try:
                async with transaction_on(connection):
                    yield connection
            finally:
                await connection.close()
        except LeftfoldError:
            raise
        except Exception as error:  # whatever the driver makes of a server that lets nobody in
            raise translated(error, self._location.shown) from error


async def status_of(connection: Connection, schema: str) -> SchemaStatus:
    """Which schema version the database holds."""
    found: str | None = await connection.fetchval("select to_regclass($1)::text", f'"{schema}".meta')
    made_as: str | None = await connection.fetchval(_MADE_AS, f'"{schema}"') if found else None
    if made_as not in (None, schema):
        raise SchemaMismatch(
            0,
            NEWEST,
            f"the schema {schema!r} was made as {made_as!r}, and its functions write there still. "
            f'Give it and the one with _read their names back: alter schema "{schema}" rename to "{made_as}"',
        )
    try:
        rows = await connection.fetch(f'select name, value from "{schema}".meta') if found else []
        meta: Mapping[str, int] = {str(row["name"]): int(row["value"]) for row in rows}
    except (asyncpg.UndefinedColumnError, ValueError, TypeError) as error:
        advice = (
            f"the schema holds objects of another application: its table meta is not ours ({error}). Choose ?schema="
        )
        raise SchemaMismatch(0, NEWEST, advice) from error
    return status_in(meta, MIGRATIONS)


def _turn(schema: str) -> str:
    return (
        f"select pg_advisory_xact_lock(hashtextextended('leftfold.migrate.{schema}', 0));\n"
        f'create schema if not exists "{schema}";'
    )


def _step(migration: Migration, schema: str) -> str:
    text = files("leftfold.adapters.postgres").joinpath("sql", f"{migration.name}.sql").read_text("utf-8")
    stamp = (
        f"insert into :schema.meta values ('schema_version', {migration.version}), "
        f"('needs_code', {migration.needs_code}) on conflict (name) do update set value = excluded.value;"
    )
    return f"{text}\n{stamp}\n".replace(":schema", f'"{schema}"').replace(":name", schema)


def _grants(schema: str, role: str) -> str:
    name = '"' + role.replace('"', '""') + '"'
    log, rows = f'"{schema}"', f'"{schema}_read"'
    functions = ", ".join(f"{log}.{each}" for each in _FOR_APPLICATIONS)
    return (
        f"grant usage on schema {log} to {name};\n"
        f"grant select on all tables in schema {log} to {name};\n"
        f"grant insert, update, delete on {log}.snapshots, {log}.tables, {log}.checkpoints, {log}.work, "
        f"{log}.work_batches to {name};\n"
        f"grant usage on sequence {log}.tokens to {name};\n"
        f"grant execute on function {functions} to {name};\n"
        f"grant usage, create on schema {rows} to {name};\n"
        f"{_grants_on_rows(schema, name)}"
    )


def _grants_on_rows(schema: str, name: str) -> str:
    """What makes a role write the rows that are there; who makes tables later grants it then."""
    literal = name.replace("'", "''")
    return (
        "do $$ declare made regclass; begin for made in select oid from pg_class "
        f"where relnamespace = '\"{schema}_read\"'::regnamespace and relkind = 'r' and pg_has_role(relowner, 'usage') "
        f"loop execute format('grant select, insert, update, delete on %s to %s', made, '{literal}'); end loop; end $$;"
    )

"""`leftfold migrate`: bring a store's schema up to date, or say what that takes."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from leftfold.app.opening import open_schema
from leftfold.cli.errors import UsageError
from leftfold.cli.options import NO_STORE_GIVEN, Target
from leftfold.cli.output import console, write_json
from leftfold.errors import SchemaMismatch
from leftfold.store.schema import SchemaAdmin

__all__ = ["migrate"]


async def migrate(
    *,
    check: Annotated[bool, Parameter(show_default=False)] = False,
    sql: Annotated[bool, Parameter(show_default=False)] = False,
    role: str | None = None,
    target: Target = NO_STORE_GIVEN,
) -> int:
    """Bring the store's schema up to date.

    Doing it twice, or from two processes at once, is the same as once.

    Args:
        check: Change nothing; exit with 1 when something is pending.
        sql: Change nothing and connect to nothing; print the whole script, for somebody else to run.
        role: PostgreSQL role that applications append and read as; it is granted what that takes and no more.
    """
    if check and sql:
        raise UsageError("--check looks at the store and --sql does not touch it; give one of them")
    schema = open_schema(target.url, role=role)
    if sql:
        return _print_script(schema, json=target.json)
    return await (_check(schema, target) if check else _migrate(schema, target))


def _print_script(schema: SchemaAdmin, *, json: bool) -> int:
    script = schema.script()
    if json:
        write_json({"sql": script})
    else:
        sys.stdout.buffer.write(script.encode())
    return 0


async def _check(schema: SchemaAdmin, target: Target) -> int:
    status = await schema.status()
    if target.json:
        write_json({"found": status.found, "pending": status.pending})
    else:
        out = console()
        out.print(f"schema {status.found}, {'pending:' if status.pending else 'nothing pending'}")
        for migration in status.pending:
            out.print(f"  {migration.version}  {migration.name}")
    if status.needs_code > status.needed:
        raise SchemaMismatch(status.found, status.needed, "A newer Leftfold made it; install that version")
    return 1 if status.pending else 0


async def _migrate(schema: SchemaAdmin, target: Target) -> int:
    before = await schema.status()
    after = await schema.migrate()
    if target.json:
        write_json({"from": before.found, "to": after.found})
    elif before.found == after.found:
        console().print(f"schema {after.found}, nothing to do")
    else:
        console().print(f"migrated from schema {before.found} to {after.found}")
    return 0

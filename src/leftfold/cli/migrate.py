"""`leftfold migrate`: bring a store's schema up to date, or say what that takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from leftfold.app.opening import open_schema
from leftfold.app.stores import PLACE
from leftfold.cli.apps import app_at, urls_of
from leftfold.cli.errors import UsageError
from leftfold.cli.opening import one_store
from leftfold.cli.options import NO_SOURCE_GIVEN, AtLeastZero, OneSource, OneStore, url_of
from leftfold.cli.output import console, write_json
from leftfold.errors import SchemaMismatch
from leftfold.store.schema import SchemaAdmin

__all__ = ["migrate"]


async def migrate(
    *,
    check: Annotated[bool, Parameter(show_default=False)] = False,
    sql: Annotated[bool, Parameter(show_default=False)] = False,
    after: AtLeastZero | None = None,
    role: str | None = None,
    source: OneSource = NO_SOURCE_GIVEN,
) -> int:
    """Bring the store's schema up to date.

    Doing it twice, or from two processes at once, is the same as once. With {context} in its URL, or without --store,
    the stores of all contexts of --app are brought up to date, one after the other, or that of --context alone.

    Args:
        check: Change nothing; exit with 1 when something is pending.
        sql: Change nothing and connect to nothing; print the whole script, for somebody else to run.
        after: With --sql, only what comes after this schema version, for a store that --check says is at it.
        role: PostgreSQL role that applications append and read as; it is granted what that takes and no more.
    """
    if check and sql:
        raise UsageError("--check looks at the store and --sql does not touch it; give one of them")
    if after is not None and not sql:
        raise UsageError("--after says where the script of --sql begins; give both, or neither")
    stores = _stores(source)
    if sql and len(stores) > 1:
        raise UsageError("--sql prints the script of one store; name one: --context NAME")
    schemas = [_Named(context, open_schema(url, role=role), source.json) for context, url in stores]
    if sql:
        return _print_script(schemas[0].schema, after or 0, json=source.json)
    work = _check if check else _migrate
    return max([await work(one) for one in schemas])


class _Named(NamedTuple):
    """The schema of a store, and the context whose it is; empty when it is the only one."""

    context: str
    schema: SchemaAdmin
    json: bool

    def tell(self, text: str, **fields: object) -> None:
        if self.json:
            write_json({**({"context": self.context} if self.context else {}), **fields})
        else:
            console().print(f"{self.context}: {text}" if self.context else text)


def _stores(source: OneSource) -> Sequence[tuple[str, str]]:
    """The stores to work on, each with the name of its context; with no name when it is one for itself."""
    if source.app and not source.store:
        if source.context is not None:
            return [("", one_store(source)[0])]
        urls = urls_of(app_at(source.app), None)
        return list(urls.items()) if len(urls) > 1 else [("", url) for url in urls.values()]
    url = source.url
    if PLACE not in url or source.context is not None or not source.app:
        return [("", OneStore(store=url, context=source.context).url)]
    return [(context.name, url_of(url, context.name)) for context in app_at(source.app).contexts]


def _print_script(schema: SchemaAdmin, after: int, *, json: bool) -> int:
    script = schema.script(after)
    if after and script == schema.script(after - 1):  # no step leads to it
        raise UsageError(f"there is no schema version {after} yet; give the one that --check says the store is at")
    if json:
        write_json({"sql": script})
    else:
        sys.stdout.buffer.write(script.encode())
    return 0


async def _check(one: _Named) -> int:
    status = await one.schema.status()
    steps = "".join(f"\n  {migration.version}  {migration.name}" for migration in status.pending)
    text = f"schema {status.found}, {'pending:' if status.pending else 'nothing pending'}{steps}"
    one.tell(text, found=status.found, pending=status.pending)
    if status.needs_code > status.needed:
        raise SchemaMismatch(status.found, status.needed, "A newer Leftfold made it; install that version")
    return 1 if status.pending else 0


async def _migrate(one: _Named) -> int:
    before = (await one.schema.status()).found
    after = (await one.schema.migrate()).found
    done = f"schema {after}, nothing to do" if before == after else f"migrated from schema {before} to {after}"
    one.tell(done, **{"from": before, "to": after})
    return 0

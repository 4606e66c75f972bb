"""From what a command line names to a store that exists, and to the event classes it is read by."""

from __future__ import annotations

import shlex
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from leftfold.app.opening import open_schema, open_store
from leftfold.cli.errors import UsageError
from leftfold.cli.options import OneSource, OneStore, url_of
from leftfold.errors import SchemaMismatch
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store
from leftfold.store.urls import shown_url

if TYPE_CHECKING:
    from leftfold.app.assembly import Assembly

__all__ = ["existing_store", "making", "one_store", "typed_by"]


@asynccontextmanager
async def existing_store(url: str) -> AsyncGenerator[Store]:
    """The store at *url*, which is not made when it is missing.

    Raises:
        SchemaMismatch: there is no store; otherwise see `open_store`.
    """
    status = await open_schema(url).status()
    if status.found == 0:
        advice = f"No store is at {shown_url(url)}; give another one, or make it: {making(url)}"
        raise SchemaMismatch(0, status.needed, advice)
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


def making(url: str | None, app: str | None = None) -> str:
    """The command that makes the store at *url*, or those of all contexts of *app*; a password is left out of it."""
    given = (*(("--app", app) if app else ()), *(("--store", shown_url(url)) if url else ()))
    return shlex.join(["leftfold", "migrate", *given])


def one_store(source: OneSource) -> tuple[str, Assembly | None]:
    """The URL of the one store that a command line is about, and the context whose store it is; None without an app.

    Raises:
        UsageError: neither store nor app was given or no such app, or there are several contexts and none is named.
    """
    if not source.app:
        return OneStore(store=source.url, context=source.context).url, None
    from leftfold.cli.apps import app_at, urls_of  # who names no app does not wait for it

    app = app_at(source.app)
    known = [one.name for one in app.contexts]
    if source.context is None and len(known) > 1:
        raise UsageError(f"this app has several contexts ({', '.join(known)}); say whose store it is: --context NAME")
    if (name := source.context or known[0]) not in known:
        raise UsageError(f"--context {name!r:.80}: this app has no such context; it has {', '.join(known)}")
    return url_of(source.store, name) if source.store else urls_of(app, None)[name], app.assembly(name)


def typed_by(assembly: Assembly | None, store: Store) -> EventStore | None:
    """What reads the events of *store* as the event classes of a context; None without one."""
    return None if assembly is None else EventStore(store, assembly.codec)

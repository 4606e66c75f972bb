"""From what a command line names to what it stands for: a store that exists, an app's event classes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from operator import attrgetter
from pathlib import Path

from leftfold.app.composition import App
from leftfold.app.opening import open_schema, open_store
from leftfold.cli.errors import UsageError
from leftfold.errors import SchemaMismatch
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store

__all__ = ["app_at", "existing_store", "object_at", "typed_by"]


@asynccontextmanager
async def existing_store(url: str) -> AsyncGenerator[Store]:
    """The store at *url*, which is not made when it is missing.

    Raises:
        SchemaMismatch: there is no store; otherwise see `open_store`.
    """
    status = await open_schema(url).status()
    if status.found == 0:
        raise SchemaMismatch(0, status.needed, "No store is here; see --store, or make one: leftfold migrate")
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


def typed_by(place: str | None, store: Store) -> EventStore | None:
    """What reads the events of *store* as the event classes of an app.

    Args:
        place: `module:object`, importable from the working directory; an `App`, or a function without arguments that
            makes one. None when no app was named.

    Raises:
        UsageError: there is none, or making it failed.
    """
    return EventStore(store, app_at(place).codec) if place else None


def app_at(place: str) -> App:
    """The app that *place*, `module:object`, names; raises `UsageError` when there is none, or making it failed."""
    app = object_at(place)
    if not isinstance(app, App):
        raise UsageError(f"--app {place!r} is a {type(app).__name__}; name an App, or a function that makes one")
    return app


def object_at(place: str) -> object:
    """What *place*, `module:object`, names, or makes when it is a function without arguments.

    Raises:
        UsageError: there is none, or making it failed.
    """
    module, _, path = place.partition(":")
    if not module or not path:
        raise UsageError(f"--app {place!r}: write MODULE:OBJECT, like bank:app")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: object = attrgetter(path)(import_module(module))
        made: object = found() if callable(found) else found
    except (Exception, SystemExit) as error:  # it is the user's own code, and may raise anything
        raise UsageError(f"--app {place!r} could not be loaded: {type(error).__name__}: {error}") from error
    if inspect.iscoroutine(made):
        made.close()
    return made

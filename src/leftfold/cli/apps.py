"""From what a command line names to the user's own code that it stands for: an app, a context map."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping
from operator import attrgetter
from os import sep
from pathlib import Path
from traceback import extract_tb
from typing import Final

import leftfold
from leftfold.app.composition import App
from leftfold.app.stores import stores_of
from leftfold.app.sync import SyncApp
from leftfold.cli.errors import UsageError
from leftfold.contexts.context_map import ContextMap, MapBroken
from leftfold.contexts.places import place_under
from leftfold.errors import DefinitionError

__all__ = ["app_at", "map_at", "object_at", "urls_of"]

_PASSED_OVER: Final = ("<", *(f"{Path(one).parent}{sep}" for one in (leftfold.__file__, importlib.__file__)))
"""What paths of code begin with that is not the user's: Leftfold, and what imports."""


def urls_of(app: App, given: str | None) -> Mapping[str, str]:
    """The URL of each context's store, by its name: as the command line says, or as the app has it.

    Args:
        given: has `{context}` in it when there are several contexts; None for the app's own.

    Raises:
        UsageError: contexts would share a store, or the app has one that is open already or in memory.
    """
    try:
        stores = stores_of([one.name for one in app.contexts], given) if given else app.stores
    except DefinitionError as error:
        raise UsageError(str(error)) from error
    urls = {name: store for name, store in stores.items() if isinstance(store, str)}
    if not given and (len(urls) < len(stores) or any(url.startswith("memory:") for url in urls.values())):
        raise UsageError(
            "which store? That of this app is an object or in memory. Give --store URL or set LEFTFOLD_STORE"
        )
    return urls


def app_at(place: str) -> App:
    """The app that *place*, `module:object`, names; raises `UsageError` when there is none, or making it failed."""
    app = object_at(place)
    if not isinstance(app, App):
        which = "the App whose sync() made it" if isinstance(app, SyncApp) else "an App"
        raise UsageError(f"--app {place!r} is a {type(app).__name__}; name {which}, or a function that makes one")
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
    found: object = None
    try:
        found = attrgetter(path)(importlib.import_module(module))
        made: object = found() if callable(found) else found
    except DefinitionError as error:
        raise UsageError(f"--app {place!r}: {error}") from error
    except (Exception, SystemExit) as error:  # it is the user's own code, and may raise anything
        if isinstance(found, type) and isinstance(error, TypeError):
            what = f"is the class {found.__qualname__}; name an App, or a function that makes one"
            raise UsageError(f"--app {place!r} {what}: {error}") from error
        said = f"{type(error).__name__}: {error}{_raised_at(error)}"
        raise UsageError(f"--app {place!r} could not be loaded: {said}") from error
    if inspect.iscoroutine(made):
        made.close()
    return made


def map_at(place: str | None) -> ContextMap:
    """The map that *place*, `module:object`, names.

    Args:
        place: of a `ContextMap`, of an `App` with `context_map=`, or of a function without arguments that makes one of
            them; importable from the working directory.

    Raises:
        UsageError: there is none, or making it failed.
    """
    if place is None:
        raise UsageError("which map? Give --app MODULE:OBJECT or set LEFTFOLD_APP, an App with context_map= or the map")
    try:
        made = object_at(place)
    except UsageError as error:
        if isinstance(error.__cause__, MapBroken):  # an app that its map refuses still says which map
            return error.__cause__.context_map
        raise
    if isinstance(made, App):
        if made.context_map is None:
            raise UsageError(f"--app {place!r} is an App without a map; give it context_map=, or name the map itself")
        return made.context_map
    if not isinstance(made, ContextMap):
        raise UsageError(f"--app {place!r} is a {type(made).__name__}; name an App with context_map=, or a ContextMap")
    return made


def _raised_at(error: BaseException) -> str:
    """The innermost line of code that is not Leftfold's or of the machinery of imports; empty when there is none."""
    frames = [one for one in extract_tb(error.__traceback__) if not one.filename.startswith(_PASSED_OVER)]
    if not frames:
        return ""
    return f"; raised at {place_under(f'{frames[-1].filename}:{frames[-1].lineno}', str(Path.cwd()))}"

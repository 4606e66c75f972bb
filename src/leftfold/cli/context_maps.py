"""The context map that a command line names: itself, or by an app that has one."""

from __future__ import annotations

from leftfold.app.composition import App
from leftfold.cli.errors import UsageError
from leftfold.cli.opening import object_at
from leftfold.contexts.context_map import ContextMap, MapBroken

__all__ = ["map_at"]


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

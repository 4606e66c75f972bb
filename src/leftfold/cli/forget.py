"""`leftfold forget [NAME]`: rows of projections that an app does not have any more."""

from __future__ import annotations

import os
import socket

from leftfold.app.composition import App
from leftfold.app.follower_names import without_context
from leftfold.app.running import Running
from leftfold.cli.errors import UsageError
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.projections.leftovers import Leftover, forget_rows, leftovers

__all__ = ["forget"]


async def forget(name: str | None = None, /, *, source: Source = NOTHING_GIVEN) -> int:
    """Drop the rows of a projection that an app does not have any more, or list what is left of such.

    A projection with a new version makes new rows and leaves the old ones to code that is still there; one that is
    gone leaves its rows, too. Stop whatever still has it first: it would find no rows, and its workers would make them
    anew. What a worker follows is refused.

    Args:
        name: Name and version, as `leftfold forget` lists them: `balances@1`, with or without a context before it.
    """
    async with opened_app(named_app(source), source) as app:
        found, several = await _found(app), len(app.contexts) > 1
        if name is None:
            _list(found, json=source.json, several=several)
            return 0
        places = [(running, one) for running, one in found if one.projection == without_context(name, running.name)]
        if not places:
            known = ", ".join(_title(*one, several=several) for one in found) or "nothing"
            raise UsageError(f"nothing is left of {name!r:.80} here; there is left: {known}")
        if len(places) > 1:
            known = ", ".join(_title(*one, several=True) for one in places)
            raise UsageError(f"{name!r:.80} is in several contexts; give one of {known}")
        [(running, left)] = places
        name = left.projection
        await forget_rows(running.store, name, _known(running), f"{socket.gethostname()}:{os.getpid()}")
    if source.json:
        write_json({"forgotten": name, "contexts": [running.name]})
    else:
        console().print(f"the rows of {name} are gone")
    return 0


async def _found(app: App) -> list[tuple[Running, Leftover]]:
    contexts = [app.running(context.name) for context in app.contexts]
    return [(running, one) for running in contexts for one in await leftovers(running.store, _known(running))]


def _known(running: Running) -> set[str]:
    return {one.id for one in running.assembly.context.projections}


def _title(running: Running, one: Leftover, *, several: bool) -> str:
    return f"{running.name}/{one.projection}" if several else one.projection


def _list(found: list[tuple[Running, Leftover]], *, json: bool, several: bool) -> None:
    if json:
        for running, one in found:
            write_json(
                {"context": running.name, "name": one.projection, "generations": one.generations, "owner": one.owner}
            )
        return
    out = console()
    rows = [
        Row(
            (
                _title(running, one, several=several),
                f"{one.generations}",
                one.owner or "nobody",
            )
        )
        for running, one in found
    ]
    Columns(out, "name", ">generations", "followed by").print(rows)

"""An app with a process whose timers and commands can be made to fail, and how its instances are begun."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Final

from leftfold import IGNORE, App, Context, Ignored, Next
from tests.processes.watches import Poke, Wait, Waited, Watched, watching

__all__ = ["APP", "BROKEN", "LATER", "NONE", "begun", "ended", "settled"]

APP: Final = "tests.cli.watchers:app"
LATER: Final = "tests.cli.watchers:later"
NONE: Final = "tests.cli.watchers:none"
BROKEN: Final = "WATCHERS_BROKEN"
"""Names at which the bell fails while this is set."""


class _Bell:
    def ring(self, name: str) -> None:
        if name in os.environ.get(BROKEN, "").split():
            raise RuntimeError(f"{name} is broken")


app = App(watching(_Bell(), missing=timedelta(hours=1)), store="memory:")


def none() -> App:
    """An app without processes."""
    return App(store="memory:")


def later() -> App:
    """The same app after its process has changed, and nobody has kept the old function."""
    changed = Context("watching")

    @changed.process(key="id", name="watch", version=2)
    def watch(state: Watched | None, event: Waited) -> Next[Watched] | Ignored:
        return Next(Watched(event.id)) if state is None else IGNORE

    return App(changed, store="memory:")


def begun(url: str) -> None:
    """Watch w has a timer for next year, watch x has one that is due; y has an event and has not begun."""

    async def run() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            await opened.send(Wait(id="w", timers={"tea": 31_536_000}))
            await opened.send(Poke(id="w", what="red"))
            await opened.send(Poke(id="w", what="ignore"))
            await opened.send(Wait(id="x", timers={"milk": 0}))
            await opened.send(Poke(id="y", what="early"))
            await opened.settle()

    asyncio.run(run())


def ended(url: str, id: str) -> None:
    """A watch begins and ends."""

    async def run() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            await opened.send(Wait(id=id))
            await opened.send(Poke(id=id, what="end"))
            await opened.settle()

    asyncio.run(run())


def settled(url: str) -> None:
    """Let a worker do what there is to do."""

    async def run() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            await opened.settle()

    asyncio.run(run())

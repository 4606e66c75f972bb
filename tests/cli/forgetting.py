"""Two releases of an app, with two versions of a projection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from leftfold import App, Context, Event, Expected

__all__ = ["NEW", "OLD", "fill", "new", "old"]

OLD, NEW = "tests.cli.forgetting:old", "tests.cli.forgetting:new"


class Rung(Event, name="bells.Rung"):
    bell: str


@dataclass(frozen=True)
class Rings:
    bell: str
    rings: int


def _fold(row: Rings | None, event: Rung) -> Rings:
    return Rings(event.bell, 1 + (row.rings if row else 0))


def _app(version: int) -> App:
    bells = Context("bells")
    bells.projection(key="bell", name="rings", version=version)(_fold)
    return App(bells, store="memory:")


def old() -> App:
    """The older release."""
    return _app(1)


def new() -> App:
    """The newer release."""
    return _app(2)


def fill(url: str) -> None:
    """Have both releases follow a log of one event."""

    async def follow() -> None:
        async with old().with_settings(store=url) as app:
            await app.events.append("bell-1", Rung(bell="1"), expected=Expected.ANY)
            await app.settle()
        async with new().with_settings(store=url) as app:
            await app.settle()

    asyncio.run(follow())

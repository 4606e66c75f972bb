"""What tests look at: an order's instance, what happened to it, and the events of the log."""

from __future__ import annotations

import msgspec

from leftfold import App
from tests.processes.orders import Fulfilment

__all__ = ["kinds", "log", "parked", "status", "the_state", "timers"]


async def the_state(app: App, key: str) -> Fulfilment:
    """The state of an order's instance."""
    view = await app.processes.show("fulfilment", key)
    return msgspec.json.decode(view.state, type=Fulfilment)


async def status(app: App, key: str) -> str:
    """How an order's instance stands."""
    return (await app.processes.show("fulfilment", key)).status


async def kinds(app: App, key: str) -> list[tuple[str, str]]:
    """The journal: what became of what."""
    view = await app.processes.show("fulfilment", key)
    return [(entry.kind, entry.what) for entry in view.journal]


async def log(app: App) -> list[str]:
    """The names of all events, in order."""
    return [recorded.type for recorded in (await app.events.read_log()).events]


async def timers(app: App) -> list[tuple[str, str]]:
    """The timers that are set: of which order, and their names."""
    return [(timer.key, timer.name) async for timer in app.processes.timers()]


async def parked(app: App) -> list[tuple[str, str, str]]:
    """What waits or was given up: kind, what, and how it stands."""
    return [(one.kind, one.what, one.status) async for one in app.processes.parked()]

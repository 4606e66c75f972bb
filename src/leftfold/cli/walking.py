"""Reading the logs of all contexts of an app, as often as it takes, with progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from leftfold.app.composition import App
from leftfold.app.running import Running
from leftfold.cli.paging import pages
from leftfold.cli.progress import progress
from leftfold.store.events import StoredEvent

__all__ = ["Note", "walk"]

Note: TypeAlias = Callable[[Running, StoredEvent], None]
"""Takes note of one event of a context."""


async def walk(app: App, passes: Mapping[str, Note]) -> None:
    """Hand every event of every context to each of *passes*, one pass after the other.

    Args:
        app: open.
        passes: what is done with each event, by what the progress is called.
    """
    running = [app.running(context.name) for context in app.contexts]
    total = sum([await one.store.head() for one in running])
    for name, note in passes.items():
        done = 0
        with progress(name, total) as tell:
            for one in running:
                async for page in pages(one.store):
                    for stored in page.events:
                        note(one, stored)
                    done += len(page.events)
                    tell(done)

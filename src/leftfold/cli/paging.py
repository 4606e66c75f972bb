"""Reading a log of any length within bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from leftfold.store.events import Page, QueryItem
from leftfold.store.port import Store

__all__ = ["breathe", "pages"]

_FIRST_EVENTS: Final = 100
_MOST_EVENTS: Final = 1000
_PAGE_BYTES: Final = 8 * 1024 * 1024


async def breathe() -> None:
    """Let an interrupt in: an embedded store answers without ever waiting, and only who waits is interrupted."""
    await asyncio.sleep(0)


async def pages(
    store: Store,
    *,
    after: int = 0,
    upto: int | None = None,
    match: tuple[QueryItem, ...] = (),
    category: str | None = None,
) -> AsyncIterator[Page]:
    """Every page of the log up to its end; where events are large, a page has fewer of them.

    Args:
        after: a position; 0 starts at the first event.
        upto: a position, included; None means the end as it is when it is reached.
        match: events that match one of these; empty means all.
        category: only streams of this category.
    """
    limit = _FIRST_EVENTS
    while True:
        page = await store.read_log(after=after, upto=upto, match=match, category=category, limit=limit)
        if page.position == after:
            return
        yield page
        await breathe()
        after = page.position
        if page.events:
            size = sum(len(event.data) + len(event.metadata) for event in page.events) // len(page.events)
            limit = max(1, min(_MOST_EVENTS, _PAGE_BYTES // max(size, 1)))

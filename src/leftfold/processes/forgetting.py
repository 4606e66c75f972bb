"""Instances of sagas that ended long ago, and are needed no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from leftfold.errors import Fenced
from leftfold.processes.journal import load_journal
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import End, WorkItem

__all__ = ["forgotten"]

_OVER: Final = ("compensated", "completed")
_PAGE: Final = 200
_NEEDED: Final = None


async def forgotten(store: Store, queues: str, before: datetime, *, try_only: bool) -> AsyncIterator[WorkItem]:
    """Delete the instances that were completed or undone before a moment, and tell which.

    A child stays until everything above it has ended, for till then it may have to be undone; one whose journal is
    damaged stays for whoever looks into that, and so does one that somebody has changed meanwhile.

    Args:
        queues: what their queues begin with.
        try_only: delete nothing, and tell what would be.
    """
    after = ""
    while page := await store.find_work(queues=queues, statuses=_OVER, after=after, limit=_PAGE):
        over = await _unneeded(store, [item for item in page if item.changed_at < before])
        gone = [True] * len(over) if try_only else await asyncio.gather(*(_deleted(store, item) for item in over))
        for item, is_gone in zip(over, gone, strict=True):
            if is_gone:
                yield item
        after = page[-1].id


async def _unneeded(store: Store, items: Sequence[WorkItem]) -> Sequence[WorkItem]:
    """Those above which everything has ended."""
    above = {item.id: _parent(item) for item in items}
    while asked := {parent for parent in above.values() if parent} - above.keys():
        found = await store.work(asked)
        above |= {id: _parent(found[id]) if id in found else "" for id in asked}
    return [item for item in items if _top(item.id, above) is not _NEEDED]


def _parent(item: WorkItem) -> str | None:
    """The work item that began it, empty when none did; `_NEEDED` while it has not ended, or cannot be read."""
    if item.status not in _OVER:
        return _NEEDED
    try:
        return load_journal(item.state).parent or ""
    except (msgspec.DecodeError, UnicodeError):
        return _NEEDED


def _top(id: str, above: Mapping[str, str | None]) -> str | None:
    """What is found at the end of the way up."""
    seen = {id}
    while (parent := above[id]) and parent not in seen:
        seen.add(parent)
        id = parent
    return parent


async def _deleted(store: Store, item: WorkItem) -> bool:
    try:
        await store.transact(Transaction(writes=[End(id=item.id, token=item.token)]))
    except Fenced:
        return False
    return True

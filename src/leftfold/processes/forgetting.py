"""Instances of sagas and processes that ended long ago, and are needed no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

import msgspec

from leftfold.errors import Fenced
from leftfold.processes.journal import load_journal
from leftfold.processes.missing import MISSING
from leftfold.processes.outgoing import COMMAND
from leftfold.processes.running import PROCESS, RunningProcess
from leftfold.processes.viewing import command_view, missing_view
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import End, WorkItem
from leftfold.store.work_paging import work_pages

__all__ = ["forgotten_processes", "forgotten_sagas"]

_OVER: Final = ("compensated", "completed")
_PAGE: Final = 200
_AT_ONCE: Final = 20_000
_id: Final = attrgetter("id")
_NEEDED: Final = None


async def forgotten_sagas(store: Store, queues: str, before: datetime, *, try_only: bool) -> AsyncIterator[WorkItem]:
    """Delete the instances that were completed or undone before a moment, and tell which.

    A child stays until everything above it has ended, for till then it may have to be undone; one whose journal is
    damaged stays for whoever looks into that, and so does one that somebody has changed meanwhile.

    Args:
        queues: what their queues begin with.
        try_only: delete nothing, and tell what would be.
    """
    async for page in work_pages(store, queues, _OVER, limit=_PAGE):
        over = await _unneeded(store, [item for item in page if item.changed_at < before])
        for item in over if try_only else await _deleted(store, over):
            yield item


async def forgotten_processes(running: RunningProcess, before: datetime, *, try_only: bool) -> AsyncIterator[WorkItem]:
    """Delete the instances of a process that ended before a moment, and tell which.

    One stays while anything of it is left: a command on its way or given up, an event that waits or was given up. So
    does one that was changed meanwhile.

    Args:
        try_only: delete nothing, and tell what would be.
    """
    store = running.store
    async for over in _ended(running, before):
        left = await _with_something_left(running, over)
        rest = [id for id in over if id not in left]
        for ids in (rest[at : at + _PAGE] for at in range(0, len(rest), _PAGE)):
            found = [item for id, item in (await store.work(ids)).items() if item.token == over[id]]
            held_up = await running.held_up([running.key_of(item) for item in found])
            free = [item for item in sorted(found, key=_id) if running.key_of(item) not in held_up]
            for item in free if try_only else await _deleted(store, free):
                yield item


async def _ended(running: RunningProcess, before: datetime) -> AsyncIterator[Mapping[str, int]]:
    """The tokens of instances that ended before a moment, by id: many at once, but not all, however many there are."""
    tokens: dict[str, int] = {}
    async for page in work_pages(running.store, f"{PROCESS}{running.name}/", ("ended",), limit=_PAGE):
        tokens |= {item.id: item.token for item in page if item.changed_at < before}
        if len(tokens) >= _AT_ONCE:
            yield tokens
            tokens = {}
    if tokens:
        yield tokens


async def _with_something_left(running: RunningProcess, ids: Collection[str]) -> Collection[str]:
    """Those of *ids*; looked for after the instances were read, since one that has ended sends nothing more.

    Who has sent a command is told by the command alone, so all there are are looked through.
    """
    left: set[str] = set()
    for queues, view in ((COMMAND, command_view), (f"{MISSING}{running.name}", missing_view)):
        async for page in work_pages(running.store, queues):
            left |= {running.item_id(one.key) for one in map(view, page) if one.sender == running.name}
        left.intersection_update(ids)
    return left


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


async def _deleted(store: Store, items: Sequence[WorkItem]) -> Sequence[WorkItem]:
    """Those that nobody has changed meanwhile."""
    gone = await asyncio.gather(*(_is_deleted(store, item) for item in items))
    return [item for item, is_gone in zip(items, gone, strict=True) if is_gone]


async def _is_deleted(store: Store, item: WorkItem) -> bool:
    try:
        await store.transact(Transaction(writes=[End(id=item.id, token=item.token)]))
    except Fenced:
        return False
    return True

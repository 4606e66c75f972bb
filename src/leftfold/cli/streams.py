"""`leftfold streams`: which streams there are."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from msgspec import Struct

from leftfold.cli.opening import existing_store
from leftfold.cli.options import NO_STORE_GIVEN, AtLeastOne, OneStore
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.shown import time_text
from leftfold.store.port import Store
from leftfold.store.timeline import StreamHead

__all__ = ["streams"]

_TOGETHER: Final = 50
"""Streams whose last events are read at the same time; an event may be large."""


class _Stream(Struct):
    stream: str
    events: int
    last_position: int
    last_recorded_at: datetime


async def streams(
    *, category: str | None = None, limit: AtLeastOne | None = None, target: OneStore = NO_STORE_GIVEN
) -> int:
    """List the streams, the one written last first.

    One event of each stream is read for it, the last.

    Args:
        category: Only streams of this category: the part of the name before the first hyphen.
        limit: At most so many streams.
    """
    async with existing_store(target.url) as store:
        found = await _listed(store, category)
    chosen = sorted(found, key=lambda stream: stream.last_position, reverse=True)[:limit]
    if target.json:
        for stream in chosen:
            write_json(stream)
        return 0
    out = console()
    columns = Columns(out, ">events", "last recorded (UTC)", "stream")
    columns.print([Row((f"{each.events:,}", time_text(each.last_recorded_at), each.stream)) for each in chosen])
    out.print(f"{len(chosen):,} of {len(found):,} streams", style="dim")
    return 0


async def _listed(store: Store, category: str | None) -> list[_Stream]:
    upto = await store.head()
    found: list[_Stream] = []
    while True:
        after = found[-1].stream if found else ""
        page = await store.streams(category=category, after=after, upto=upto, limit=_TOGETHER)
        found += await asyncio.gather(*(_with_last_event(store, head) for head in page))
        if len(page) < _TOGETHER:
            return found
        await breathe()


async def _with_last_event(store: Store, head: StreamHead) -> _Stream:
    [last] = await store.read_stream(head.stream, after=head.version - 1, upto=head.version)
    return _Stream(head.stream, head.version, last.position, last.recorded_at)

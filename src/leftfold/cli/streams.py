"""`leftfold streams`: which streams there are."""

from __future__ import annotations

from datetime import datetime

from cyclopts.types import PositiveInt
from msgspec import Struct

from leftfold.cli.opening import existing_store
from leftfold.cli.options import NO_STORE_GIVEN, Target
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import pages
from leftfold.cli.shown import time_text
from leftfold.store.port import Store

__all__ = ["streams"]


class _Stream(Struct):
    stream: str
    events: int
    last_position: int
    last_recorded_at: datetime


async def streams(
    *, category: str | None = None, limit: PositiveInt | None = None, target: Target = NO_STORE_GIVEN
) -> int:
    """List the streams, the one written last first.

    The whole log is read for it, a page at a time.

    Args:
        category: Only streams of this category: the part of the name before the first hyphen.
        limit: At most so many streams.
    """
    async with existing_store(target.url) as store:
        found = await _folded(store, category)
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


async def _folded(store: Store, category: str | None) -> list[_Stream]:
    found: dict[str, _Stream] = {}
    async for page in pages(store, category=category):
        for event in page.events:
            stream = found.setdefault(event.stream, _Stream(event.stream, 0, 0, event.recorded_at))
            stream.events += 1
            stream.last_position = event.position
            stream.last_recorded_at = event.recorded_at
    return list(found.values())

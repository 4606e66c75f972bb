"""`leftfold streams`: which streams there are."""

from __future__ import annotations

from datetime import datetime
from heapq import nlargest
from operator import attrgetter
from typing import Final

from msgspec import Struct

from leftfold.cli.opening import existing_store
from leftfold.cli.options import NO_STORE_GIVEN, AtLeastOne, OneStore
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.progress import progress
from leftfold.cli.shown import time_text
from leftfold.cli.text import counted
from leftfold.store.port import Store

__all__ = ["streams"]

_TOGETHER: Final = 500

_last_position: Final = attrgetter("last_position")


class _Stream(Struct):
    stream: str
    events: int
    last_position: int
    last_recorded_at: datetime


async def streams(
    *, category: str | None = None, limit: AtLeastOne | None = None, target: OneStore = NO_STORE_GIVEN
) -> int:
    """List the streams, the one written last first.

    Args:
        category: Only streams of this category: the part of the name before the first hyphen.
        limit: At most so many streams.
    """
    async with existing_store(target.url) as store:
        chosen, count = await _listed(store, category, limit)
    if target.json:
        write_json(*chosen)
        return 0
    out = console()
    columns = Columns(out, ">events", "last recorded (UTC)", "stream")
    for start in range(0, max(len(chosen), 1), _TOGETHER):  # rows take twice what the streams do
        columns.print([_row(each) for each in chosen[start : start + _TOGETHER]])
    out.print(f"{len(chosen):,} of {counted(count, 'stream')}", style="dim")
    return 0


def _row(stream: _Stream) -> Row:
    return Row((f"{stream.events:,}", time_text(stream.last_recorded_at), stream.stream))


async def _listed(store: Store, category: str | None, limit: int | None) -> tuple[list[_Stream], int]:
    """Those written last, the last one first, and how many there are."""
    upto, after, count = await store.head(), "", 0
    found: list[_Stream] = []
    with progress("listing streams", None) as tell:
        while page := await store.streams(category=category, after=after, upto=upto, limit=_TOGETHER):
            found += [_Stream(one.stream, one.version, one.position, one.recorded_at) for one in page]
            if limit is not None and len(found) > 2 * limit + _TOGETHER:
                found = nlargest(limit, found, key=_last_position)
            after, count = page[-1].stream, count + len(page)
            tell(count)
            await breathe()
    return sorted(found, key=_last_position, reverse=True)[:limit], count

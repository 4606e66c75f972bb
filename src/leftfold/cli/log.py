"""`leftfold log`: what happened in the whole store, in the order it was recorded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Parameter

from leftfold.cli.errors import UsageError
from leftfold.cli.opening import existing_store, one_store, typed_by
from leftfold.cli.options import NO_SOURCE_GIVEN, AtLeastOne, AtLeastZero, OneSource
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import pages
from leftfold.cli.shown import ShownEvent, Unreadable, shown, time_text
from leftfold.cli.times import Since, Until, position_before, range_given
from leftfold.store.events import QueryItem, StoredEvent
from leftfold.store.port import Store

__all__ = ["Selection", "log"]

_WAIT_S: Final = 60.0


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which events of a log."""

    type: Annotated[
        tuple[str, ...], Parameter(help="Only events of this type, or of another one given.", show_default=False)
    ] = ()
    tag: Annotated[
        tuple[str, ...], Parameter(help="Only events with this tag, and every other one given.", show_default=False)
    ] = ()
    category: Annotated[str | None, Parameter(help="Only streams of this category.")] = None
    after: Annotated[AtLeastZero, Parameter(help="Only positions above this one.")] = 0
    since: Since = None
    until: Until = None
    limit: Annotated[AtLeastOne | None, Parameter(help="At most so many events.")] = None

    @property
    def match(self) -> tuple[QueryItem, ...]:
        """What the store is to match; empty when every event is wanted."""
        return (QueryItem(tags=frozenset(self.tag), types=frozenset(self.type)),) if self.tag or self.type else ()


_EVERYTHING: Final = Selection()


async def log(
    *,
    select: Selection = _EVERYTHING,
    follow: Annotated[bool, Parameter(show_default=False)] = False,
    source: OneSource = NO_SOURCE_GIVEN,
) -> int:
    """Show the log: every event, in the order it was recorded.

    With --app events are read as its event classes; those that cannot be read say why, and the exit code is 1.

    Args:
        follow: Wait for more at the end, until Ctrl-C.
    """
    printer = _Printer(json=source.json)
    url, assembly = one_store(source)
    async with existing_store(url) as store:
        typed = typed_by(assembly, store)
        try:
            async for events in _chosen(store, select, follow=follow):
                printer.print([shown(event, typed) for event in events])
        except asyncio.CancelledError:
            if not follow:
                raise  # interrupted half-way; following has no other end than this
    return 1 if printer.unreadable else 0


async def _chosen(store: Store, select: Selection, *, follow: bool) -> AsyncIterator[Sequence[StoredEvent]]:
    begin, end = range_given(select.since, select.until)
    if follow and end is not None:
        raise UsageError("--follow waits for what is recorded from now on, and --until ends; leave one of them out")
    after, left = max(select.after, await position_before(store, begin)), select.limit
    upto = None if end is None else max(after, await store.position_at(end))
    while True:
        async for page in pages(store, after=after, upto=upto, match=select.match, category=select.category):
            yield page.events[:left]
            after = page.position
            if left is not None:
                left -= len(page.events)
                if left <= 0:
                    return
        if not follow:
            return
        await store.wake(after, _WAIT_S)


class _Printer:
    def __init__(self, *, json: bool) -> None:
        self.unreadable = 0
        self._json = json
        self._columns = Columns(
            console(), ">position", "recorded (UTC)", "stream", ">version", "type", "content", cuts=True
        )

    def print(self, events: Sequence[ShownEvent]) -> None:
        self.unreadable += sum(isinstance(event.unreadable, Unreadable) for event in events)
        if self._json:
            write_json(*events)
        else:
            self._columns.print([_row(event) for event in events])
        sys.stdout.flush()


def _row(event: ShownEvent) -> Row:
    where = (f"{event.position:,}", time_text(event.recorded_at), event.stream, f"{event.version:,}")
    return Row((*where, event.type, event.content), "red" if isinstance(event.unreadable, Unreadable) else "")

"""`leftfold trace CORRELATION`: one conversation, from its first command to the last thing that it led to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from leftfold.cli.apps import app_at, urls_of
from leftfold.cli.errors import UsageError
from leftfold.cli.opening import existing_store
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe, pages
from leftfold.cli.progress import progress
from leftfold.cli.shown import time_text
from leftfold.cli.text import printable, unbroken
from leftfold.cli.times import Since, position_before, since_given
from leftfold.errors import UnreadableEvent
from leftfold.flow import QUEUES, Trace, TraceEntry
from leftfold.store.event_store import metadata_of
from leftfold.store.port import Store
from leftfold.store.work_paging import work_pages

__all__ = ["trace"]

_STYLES = {"stuck": "red", "parked": "red", "failed": "red", "refused": "red", "dead": "red", "missing": "yellow"}


async def trace(correlation: str, /, *, since: Since = None, source: Source = NOTHING_GIVEN) -> int:
    """Show what one request led to: commands, events, sagas with their steps.

    What led to something stands above it, less far to the right. What is still to come is there too: timers at the time
    at which they fire, what is tried again with the time of that, and instances of processes for which events wait, as
    missing, with the time until which they do. The whole log is read, or what is as new as --since says. With --app,
    and a store with {context} in its URL, those of all contexts are. The exit code is 1 when nothing is found.

    Args:
        correlation: The correlation id; the id of the first command, unless its sender gave one.
    """
    found, begin = Trace(correlation), since_given(since)
    for context, url in _stores(source):
        async with existing_store(url) as store:
            await _events(found, context, store, begin)
            await _work(found, context, store, begin)
    entries = found.entries()
    if source.json:
        write_json(*entries)
    else:
        _print(entries, correlation)
    return 0 if entries else 1


def _stores(source: Source) -> Sequence[tuple[str, str]]:
    if source.app is not None:
        return list(urls_of(app_at(source.app), source.store).items())
    if "{context}" in source.url:
        raise UsageError("--store has {context} in it; name the app, which knows them: --app MODULE:OBJECT")
    return [("", source.url)]


async def _events(found: Trace, context: str, store: Store, begin: datetime | None) -> None:
    with progress("reading events", await store.head()) as tell:
        async for page in pages(store, after=await position_before(store, begin)):
            for stored in page.events:
                try:
                    metadata = metadata_of(stored)
                except UnreadableEvent:  # `leftfold verify` tells which
                    continue
                found.event(context, stored, metadata)
            tell(page.position)


async def _work(found: Trace, context: str, store: Store, begin: datetime | None) -> None:
    for queues in QUEUES:
        async for page in work_pages(store, queues):
            for item in page:
                if begin is None or item.changed_at >= begin or item.wake_at is not None:  # it is still to come
                    found.work(context, item)
            await breathe()


def _print(entries: Sequence[TraceEntry], correlation: str) -> None:
    out = console()
    if not entries:
        out.print(f"nothing belongs to {printable(correlation)!r}", style="dim")
    several = len({entry.context for entry in entries}) > 1
    for entry in entries:
        line = Text(f"{time_text(entry.at)}  ", style="dim")
        line.append("  " * entry.depth + _text(entry, several=several), style=_STYLES.get(entry.status, "not dim"))
        out.print(line)


def _text(entry: TraceEntry, *, several: bool) -> str:
    context = f"{entry.context}/" if several and entry.kind in ("command", "event") else ""
    parts = [f"{entry.kind} {context}{entry.name}", entry.status]
    if entry.place:
        parts.append(f"({entry.place}, position {entry.position:,})")
    if entry.via is not None:
        parts.append(f"via {entry.via}")
    if entry.due not in (None, entry.at):
        parts.append(f"{'until' if entry.status == 'missing' else 'again at'} {time_text(entry.due)}")
    if entry.note:
        parts.append(unbroken(entry.note))
    return printable("  ".join(part for part in parts if part))

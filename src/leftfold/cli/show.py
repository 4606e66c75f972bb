"""`leftfold show STREAM`: what happened in one stream, payload and metadata in full."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from msgspec import Raw, UnsetType
from rich.console import Console
from rich.text import Text

from leftfold.cli.errors import UsageError
from leftfold.cli.opening import existing_store, one_store, typed_by
from leftfold.cli.options import NO_SOURCE_GIVEN, AtLeastOne, AtLeastZero, OneSource
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.shown import NOTHING, ShownEvent, Unreadable, shown, time_text
from leftfold.cli.states import Moment, show_difference, show_state
from leftfold.cli.text import pretty, printable
from leftfold.cli.times import Since, Until, versions_recorded
from leftfold.errors import NotFound
from leftfold.store.events import StoredEvent
from leftfold.store.names import check_stream
from leftfold.store.port import Store

__all__ = ["Range", "show"]

_PAGE: Final = 100
_SHORT: Final = 100


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Range:
    """Which events of a stream."""

    after: Annotated[AtLeastZero, Parameter(help="Only versions above this one.")] = 0
    upto: Annotated[AtLeastZero | None, Parameter(help="Only versions up to this one, included.")] = None
    since: Since = None
    until: Until = None
    backward: Annotated[bool, Parameter(help="Newest first.", show_default=False)] = False
    limit: Annotated[AtLeastOne | None, Parameter(help="At most so many events.")] = None


_ALL: Final = Range()
_NOW: Final = Moment()


async def show(
    stream: str, /, *, range: Range = _ALL, moment: Moment = _NOW, source: OneSource = NO_SOURCE_GIVEN
) -> int:
    """Show the events of one stream, in full.

    With --app they are read as its event classes; those that cannot be read say why, and the exit code is 1. With
    --version, --at or --valid the state then is shown instead, and with --diff what differs. A time is
    2026-03-31T12:00:00Z, or with another zone; a date alone means its end, in UTC. With --at today means now.

    Args:
        stream: Name of the stream.
    """
    check_stream(stream)
    if moment != _NOW:
        if range != _ALL:
            raise UsageError(
                "--after, --upto, --since, --until, --backward and --limit choose events; a state at a time has none "
                "of them"
            )
        await _show_moment(stream, moment, source)
        return 0
    unreadable = 0
    url, assembly = one_store(source)
    async with existing_store(url) as store:
        typed = typed_by(assembly, store)
        if not await store.read_stream(stream, limit=1):
            raise NotFound(stream)
        out = console()
        async for event in _events(store, stream, range):
            seen = shown(event, typed)
            unreadable += isinstance(seen.unreadable, Unreadable)
            if source.json:
                write_json(seen)
            else:
                _print(out, seen)
    return 1 if unreadable else 0


async def _show_moment(stream: str, moment: Moment, source: OneSource) -> None:
    points, point = moment.points, moment.point
    url, assembly = one_store(source)
    if assembly is None:
        raise UsageError("a state is folded by an app's aggregates; name the app: --app MODULE:OBJECT")
    async with existing_store(url) as store:
        if points is not None:
            await show_difference(assembly, store, stream, points, json=source.json)
        else:
            await show_state(assembly, store, stream, point, json=source.json)


async def _events(store: Store, stream: str, range: Range) -> AsyncIterator[StoredEvent]:
    first, last = await versions_recorded(store, stream, range.since, range.until)
    after, left = max(range.after, first), range.limit
    upto = range.upto if last is None else min(last, last if range.upto is None else range.upto)
    while left is None or left > 0:
        count = _PAGE if left is None else min(left, _PAGE)
        page = await store.read_stream(stream, after=after, upto=upto, backward=range.backward, limit=count)
        for event in page:
            yield event
        if len(page) < count:
            return
        if range.backward:
            upto = page[-1].version - 1
        else:
            after = page[-1].version
        await breathe()
        left = left - count if left is not None else None


def _print(out: Console, event: ShownEvent) -> None:
    head = Text(f"{event.version}  {printable(event.type)}", style="bold")
    if event.schema_version > 1:
        head.append(f" v{event.schema_version}")
    head.append(f"  recorded {time_text(event.recorded_at)} UTC, position {event.position:,}", style="not bold dim")
    out.print(head)
    if isinstance(event.unreadable, Unreadable):
        _print_part(out, "unreadable", printable(event.content), "red")
    if isinstance(event.events, UnsetType):
        _print_part(out, "", _readable(event.data if isinstance(event.event, UnsetType) else event.event))
    else:
        _print_part(out, "", _readable(event.data))
        for reading in event.events:
            _print_part(out, f"read as {printable(reading.name)}", _readable(reading.event))
        if not event.events:
            _print_part(out, "read as", NOTHING)
    if bytes(event.metadata) != b"{}":
        _print_part(out, "metadata", _readable(event.metadata))
    if event.tags:
        _print_part(out, "tags", printable(", ".join(event.tags)))
    if event.occurred_at != event.recorded_at:
        _print_part(out, "occurred", f"{time_text(event.occurred_at)} UTC")
    _print_part(out, "id", str(event.id), "dim")


def _print_part(out: Console, name: str, text: str, style: str = "") -> None:
    for line in f"{name} {text}".strip().split("\n"):
        out.print(Text(f"   {line}", style=style))


def _readable(data: Raw) -> str:
    """JSON text on one line when it is short, otherwise on many."""
    short = msgspec.json.format(bytes(data), indent=0).decode()
    return printable(short if len(short) <= _SHORT else pretty(bytes(data)), keep="\n")

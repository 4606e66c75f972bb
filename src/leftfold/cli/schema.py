"""`leftfold schema check`: whether today's code reads every type and version of event that the store holds."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from leftfold.cli.errors import UsageError
from leftfold.cli.opening import app_at, existing_store
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import Columns, Row, console, write_json
from leftfold.cli.paging import pages
from leftfold.cli.progress import progress
from leftfold.cli.shown import NOTHING, ShownEvent, Unreadable, shown
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store

__all__ = ["schema"]


class _Example(Struct):
    stream: str
    version: int
    error: str
    reason: str


class _Kind(Struct):
    type: str
    schema_version: int
    events: int = 0
    unreadable: int = 0
    read_as: str = ""
    example: _Example | UnsetType = UNSET


async def schema(action: Literal["check"], /, *, source: Source = NOTHING_GIVEN) -> int:
    """Check that an app reads every kind of event stored.

    A kind is a type and a version. Every stored event is read; a kind with events that cannot be read comes with an
    example, and the exit code is 1 then: run it before a deployment.

    Args:
        action: What to do.
    """
    if source.app is None:
        raise UsageError(f"{action} reads events as an app's classes; name the app: --app MODULE:OBJECT")
    app = app_at(source.app)
    async with existing_store(source.url) as store:
        kinds = await _kinds(store, EventStore(store, app.codec))
    if source.json:
        for kind in kinds:
            write_json(kind)
    else:
        _print(kinds)
    return 1 if any(kind.unreadable for kind in kinds) else 0


async def _kinds(store: Store, typed: EventStore) -> list[_Kind]:
    found: dict[tuple[str, int], _Kind] = {}
    with progress("reading events", await store.head()) as show:
        async for page in pages(store):
            for event in page.events:
                key = event.type, event.schema_version
                _count(found.setdefault(key, _Kind(*key)), shown(event, typed))
            show(page.position)
    return [found[key] for key in sorted(found)]


def _count(kind: _Kind, event: ShownEvent) -> None:
    kind.events += 1
    if isinstance(event.unreadable, Unreadable):
        kind.unreadable += 1
        if isinstance(kind.example, UnsetType):
            reason = event.unreadable
            kind.example = _Example(event.stream, event.version, reason.error, reason.reason)
    elif not kind.read_as:
        readings = () if isinstance(event.events, UnsetType) else event.events
        kind.read_as = ", ".join(each.name for each in readings) if readings else ""
        if not isinstance(event.events, UnsetType) and not readings:
            kind.read_as = NOTHING


def _print(kinds: list[_Kind]) -> None:
    out = console()
    columns = Columns(out, "type", ">version", ">events", ">unreadable", "read as")
    columns.print(
        [
            Row(
                (
                    kind.type,
                    str(kind.schema_version),
                    f"{kind.events:,}",
                    f"{kind.unreadable:,}",
                    f"{kind.example.stream} version {kind.example.version}: {kind.example.error}: {kind.example.reason}"
                    if isinstance(kind.example, _Example)
                    else kind.read_as or "itself",
                ),
                "red" if kind.unreadable else "",
            )
            for kind in kinds
        ]
    )
    bad = sum(1 for kind in kinds if kind.unreadable)
    out.print(f"{len(kinds):,} kinds of event, {bad:,} not read", style="red" if bad else "dim")

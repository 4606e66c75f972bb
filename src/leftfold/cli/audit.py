"""`leftfold audit STREAM`: who did what to it, when and why, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Raw, Struct, UnsetType

from leftfold.app.assembly import Assembly
from leftfold.cli.folds import told_folds
from leftfold.cli.opening import existing_store, one_store, typed_by
from leftfold.cli.options import NO_SOURCE_GIVEN, OneSource
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.shown import Reading, ShownEvent, Unreadable, shown, time_text, versioned
from leftfold.cli.states import part_of
from leftfold.cli.text import json_text, printable
from leftfold.cli.times import Since, Until, versions_recorded
from leftfold.errors import NotFound
from leftfold.handling.loading import Loader
from leftfold.messages.metadata import Metadata
from leftfold.store.event_store import metadata_of
from leftfold.store.events import StoredEvent
from leftfold.store.names import check_stream, id_of
from leftfold.store.port import Store

__all__ = ["audit"]

_PAGE: Final = 100


class _Change(Struct):
    before: object
    after: object


class _Entry(Struct, kw_only=True):
    """An event of the trail; what is said of it means what it means in `ShownEvent`.

    Args:
        changed: with an app, what it changed in the state, by attribute; None stands for what was not set.
    """

    version: int
    id: UUID
    type: str
    schema_version: int
    recorded_at: datetime
    occurred_at: datetime
    metadata: Metadata
    data: Raw
    event: Raw | UnsetType = UNSET
    events: tuple[Reading, ...] | UnsetType = UNSET
    unreadable: Unreadable | UnsetType = UNSET
    changed: dict[str, _Change] | UnsetType = UNSET


async def audit(
    stream: str, /, *, since: Since = None, until: Until = None, source: OneSource = NO_SOURCE_GIVEN
) -> int:
    """Tell who did what to one stream, when and why.

    With --app it tells what each event changed in the state, too.

    Args:
        stream: Name of the stream.
    """
    check_stream(stream)
    url, assembly = one_store(source)
    unreadable = 0
    async with existing_store(url) as store:
        typed, changes = (typed_by(assembly, store), _Changes(assembly, store, stream) if assembly else None)
        if not await store.read_stream(stream, limit=1):
            raise NotFound(stream)
        first, last = await versions_recorded(store, stream, since, until)
        after = 0 if changes else first
        while page := await store.read_stream(stream, after=after, upto=last, limit=_PAGE):
            for event in page:
                changed = changes.of(event) if changes else UNSET  # also what comes before the first one told
                if event.version <= first:
                    continue
                seen = shown(event, typed)
                entry = _entry(event, seen, changed)
                unreadable += isinstance(entry.unreadable, Unreadable)
                if source.json:
                    write_json(entry)
                else:
                    _print(entry, seen.content)
            after = page[-1].version
            await breathe()
    return 1 if unreadable else 0


class _Changes:
    """What the events of *stream*, given in the order of their versions, change in its state."""

    def __init__(self, assembly: Assembly, store: Store, stream: str) -> None:
        loader = Loader(store, assembly.codec)
        self._plan: Any = loader.plan(part_of(assembly, stream))
        self._states = loader.states_of(self._plan)
        self._folded: object = self._plan.core.initial(id_of(stream))
        self._state: dict[str, object] = {}

    def of(self, event: StoredEvent) -> dict[str, _Change]:
        """What *event* changes; raises `UnreadableEvent` or `FoldFailed` when nobody can say."""
        fact = event.version, event.type, event.schema_version, event.data
        with told_folds():
            self._folded = self._plan.fold(self._folded, [fact], event.stream)
        was, self._state = self._state, self._states.plain(self._folded)
        names = sorted(was.keys() | self._state.keys())
        return {
            name: _Change(was.get(name), self._state.get(name))
            for name in names
            if was.get(name) != self._state.get(name)
        }


def _entry(event: StoredEvent, seen: ShownEvent, changed: dict[str, _Change] | UnsetType) -> _Entry:
    metadata = metadata_of(event)
    return _Entry(
        version=event.version,
        id=event.id,
        type=event.type,
        schema_version=event.schema_version,
        recorded_at=event.recorded_at,
        occurred_at=event.occurred_at,
        metadata=metadata,
        data=seen.data,
        event=seen.event,
        events=seen.events,
        unreadable=seen.unreadable,
        changed=changed,
    )


def _print(entry: _Entry, content: str) -> None:
    out, known = console(), entry.metadata
    name = versioned(entry.type, entry.schema_version)
    out.print(printable(f"{entry.version}  {name}  by {known.actor or 'nobody named'}"), style="bold")
    recorded, happened = time_text(entry.recorded_at), time_text(entry.occurred_at)
    out.print(f"   recorded {recorded} UTC, happened {happened} UTC, id {entry.id}", style="dim")
    for reason, value in _reasons(known).items():
        out.print(printable(f"   {reason} {value}"))
    out.print(printable(f"   {content}"), style="red" if isinstance(entry.unreadable, Unreadable) else "")
    if isinstance(entry.changed, dict):
        for attribute, change in entry.changed.items():
            line = f"   {printable(attribute)}: {json_text(change.before)} -> {json_text(change.after)}"
            out.print(line, style="green")


def _reasons(metadata: Metadata) -> Mapping[str, str]:
    named = {
        "command": metadata.command_id,
        "caused by": metadata.causation_id,
        "correlation": metadata.correlation_id,
    }
    return {name: value for name, value in named.items() if value is not None} | metadata.extra

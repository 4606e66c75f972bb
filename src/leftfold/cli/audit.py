"""`leftfold audit STREAM`: who did what to it, when and why, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from leftfold.cli.opening import app_at, existing_store
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe
from leftfold.cli.shown import shown, time_text
from leftfold.cli.states import part_of
from leftfold.cli.text import printable
from leftfold.errors import NotFound
from leftfold.handling.loading import Loader
from leftfold.messages.metadata import Metadata, load_metadata
from leftfold.store.events import StoredEvent
from leftfold.store.names import check_stream, id_of
from leftfold.store.port import Store

__all__ = ["audit"]

_PAGE = 100


class _Change(Struct):
    before: object
    after: object


class _Entry(Struct, kw_only=True):
    version: int
    type: str
    recorded_at: datetime
    occurred_at: datetime
    metadata: Metadata
    event: Raw
    changed: dict[str, _Change] | UnsetType = UNSET


async def audit(stream: str, /, *, source: Source = NOTHING_GIVEN) -> int:
    """Tell who did what to one stream, when and why.

    With --app it tells what each event changed in the state, too.

    Args:
        stream: Name of the stream.
    """
    check_stream(stream)
    async with existing_store(source.url) as store:
        trail = _Trail(store, stream, source)
        after = 0
        while page := await store.read_stream(stream, after=after, limit=_PAGE):
            for event in page:
                _tell(await trail.entry(event), json=source.json)
            after = page[-1].version
            await breathe()
        if not after:
            raise NotFound(stream)
    return 0


class _Trail:
    def __init__(self, store: Store, stream: str, source: Source) -> None:
        self._state: dict[str, object] = {}
        self._plan: Any = None
        if source.app is not None:
            app = app_at(source.app)
            loader = Loader(store, app.codec)
            self._plan = loader.plan(part_of(app, stream))
            self._states = loader.states_of(self._plan)
            self._folded: object = self._plan.core.initial(id_of(stream))

    async def entry(self, event: StoredEvent) -> _Entry:
        """The line of *event*; events are told in the order of their versions."""
        return _Entry(
            version=event.version,
            type=event.type,
            recorded_at=event.recorded_at,
            occurred_at=event.occurred_at,
            metadata=load_metadata(
                event.metadata,
                stream=event.stream,
                version=event.version,
                type=event.type,
                schema_version=event.schema_version,
            ),
            event=shown(event, None).data,
            changed=UNSET if self._plan is None else self._changed(event),
        )

    def _changed(self, event: StoredEvent) -> dict[str, _Change]:
        fact = event.version, event.type, event.schema_version, event.data
        self._folded = self._plan.fold(self._folded, [fact], event.stream)
        was, self._state = self._state, self._states.plain(self._folded)
        names = sorted(was.keys() | self._state.keys())
        return {
            name: _Change(was.get(name), self._state.get(name))
            for name in names
            if was.get(name) != self._state.get(name)
        }


def _tell(entry: _Entry, *, json: bool) -> None:
    if json:
        write_json(entry)
        return
    out, known = console(), entry.metadata
    out.print(printable(f"{entry.version}  {entry.type}  by {known.actor or 'nobody named'}"), style="bold")
    out.print(
        f"   recorded {time_text(entry.recorded_at)} UTC, happened {time_text(entry.occurred_at)} UTC", style="dim"
    )
    for name, value in _reasons(known).items():
        out.print(printable(f"   {name} {value}"))
    out.print(printable(f"   {bytes(entry.event).decode()}"))
    if isinstance(entry.changed, dict):
        for name, change in entry.changed.items():
            out.print(printable(f"   {name}: {change.before} -> {change.after}"), style="green")


def _reasons(metadata: Metadata) -> Mapping[str, str]:
    named = {
        "command": metadata.command_id,
        "caused by": metadata.causation_id,
        "correlation": metadata.correlation_id,
    }
    return {name: value for name, value in named.items() if value is not None} | metadata.extra

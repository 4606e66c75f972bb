"""`leftfold verify`: whether everything that is stored can be read, and is as it must be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from leftfold.cli.errors import UsageError
from leftfold.cli.opening import app_at, existing_store
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.paging import breathe, pages
from leftfold.cli.progress import progress
from leftfold.cli.refolding import Refolding
from leftfold.cli.shown import Unreadable, shown
from leftfold.cli.text import printable
from leftfold.errors import LeftfoldError
from leftfold.store.event_store import EventStore
from leftfold.store.events import StoredEvent
from leftfold.store.port import Store

__all__ = ["verify"]


class _Finding(Struct):
    stream: str
    version: int
    finding: str


async def verify(
    *,
    snapshots: Annotated[
        bool, Parameter(help="Fold again what snapshots were taken of; needs --app.", show_default=False)
    ] = False,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Read everything that is stored, and name what is wrong with it.

    Positions and versions have no gaps, recorded times never run backwards, payloads are JSON; with --app, every event
    reads as one of its classes. The exit code is 1 when something is wrong.
    """
    app = app_at(source.app) if source.app else None
    if snapshots and app is None:
        raise UsageError("--snapshots folds events again, so it needs the app that does: --app MODULE:OBJECT")
    found = events = 0
    async with existing_store(source.url) as store:
        with progress("verifying events", await store.head()) as show:
            check = _Check(EventStore(store, app.codec) if app else None)
            async for page in pages(store):
                for event in page.events:
                    events += 1
                    found += _tell(check.findings(event), source)
                show(page.position)
        if app is not None and snapshots:
            async for finding in _bad_snapshots(store, Refolding(app, store)):
                found += _tell([finding], source)
    if not source.json:
        console().print(f"{events:,} events read, {found:,} findings", style="dim" if not found else "red")
    return 1 if found else 0


class _Check:
    def __init__(self, typed: EventStore | None) -> None:
        self._typed = typed
        self._position = 0
        self._recorded_at: datetime | None = None
        self._versions: dict[str, int] = {}

    def findings(self, event: StoredEvent) -> list[_Finding]:
        wrong: list[str] = []
        if event.position != self._position + 1:
            wrong.append(f"position {event.position:,} follows position {self._position:,}")
        if event.version != (before := self._versions.get(event.stream, 0)) + 1:
            wrong.append(f"version {event.version} follows version {before}")
        if self._recorded_at is not None and event.recorded_at < self._recorded_at:
            wrong.append(f"it was recorded at {event.recorded_at}, before the event that it follows")
        unreadable = shown(event, self._typed).unreadable
        if isinstance(unreadable, Unreadable):
            wrong.append(f"{unreadable.error}: {unreadable.reason}")
        self._position, self._recorded_at = event.position, event.recorded_at
        self._versions[event.stream] = event.version
        return [_Finding(event.stream, event.version, each) for each in wrong]


async def _bad_snapshots(store: Store, refolding: Refolding) -> AsyncIterator[_Finding]:
    after = None
    while page := await store.read_snapshots(after=after, limit=100):
        for snapshot in page:
            try:
                flaw = await refolding.flaw(snapshot)
            except LeftfoldError as error:
                flaw = f"its events cannot be folded: {error}"
            if flaw is not None:
                yield _Finding(snapshot.key.stream, snapshot.key.version, f"snapshot: {flaw}")
            await breathe()
        after = page[-1].key


def _tell(findings: list[_Finding], source: Source) -> int:
    for each in findings:
        if source.json:
            write_json(each)
        else:
            console().print(printable(f"{each.stream} version {each.version}: {each.finding}"), style="red")
    return len(findings)

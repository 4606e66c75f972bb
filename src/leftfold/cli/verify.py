"""`leftfold verify`: whether everything that is stored can be read, and is as it must be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final

from cyclopts import Parameter

from leftfold.cli.errors import UsageError
from leftfold.cli.findings import Finding, Findings
from leftfold.cli.folds import failed_fold
from leftfold.cli.opening import existing_store, one_store, typed_by
from leftfold.cli.options import NO_SOURCE_GIVEN, OneSource
from leftfold.cli.output import console
from leftfold.cli.paging import breathe, pages
from leftfold.cli.progress import progress
from leftfold.cli.refolding import Flaw, Refolding
from leftfold.cli.shown import Unreadable, shown
from leftfold.cli.text import counted
from leftfold.errors import InvalidInput, StoreError
from leftfold.store.event_store import EventStore
from leftfold.store.events import Page, StoredEvent
from leftfold.store.port import Indexed, Store
from leftfold.store.restoring import check_stored
from leftfold.store.snapshots import Snapshot

__all__ = ["verify"]

_SNAPSHOTS: Final = 20
"""Snapshots that are read at a time; one may be large."""

_AROUND_DAMAGE: Final = 1000
"""Positions that are read one by one, from where a page could not be read."""


async def verify(
    *,
    snapshots: Annotated[bool, Parameter(show_default=False)] = False,
    drop: Annotated[bool, Parameter(show_default=False)] = False,
    source: OneSource = NO_SOURCE_GIVEN,
) -> int:
    """Read everything that is stored, and name what is wrong with it.

    Positions and versions have no gaps, recorded times never run backwards, payloads are JSON, tags find the events
    that have them; with --app, every event reads as one of its classes. The exit code is 1 when something is wrong,
    dropped or not.

    Args:
        snapshots: Fold again what snapshots were taken of, from the first event; needs --app. One that no part of the
            app reads is stale: it is told, and is nothing wrong.
        drop: Drop the snapshots that are wrong or stale; states are folded from events then. Needs --snapshots.
    """
    if drop and not snapshots:
        raise UsageError("--drop drops snapshots that are wrong or stale; find them: --snapshots")
    if snapshots and not source.app:
        raise UsageError("--snapshots folds events again, so it needs the app that does: --app MODULE:OBJECT")
    url, assembly = one_store(source)
    findings = Findings(json=source.json)
    async with existing_store(url) as store:
        events = await _check_events(store, typed_by(assembly, store), findings)
        await _check_tags(store, findings)
        about_snapshots = ""
        if assembly is not None and snapshots:
            read = await _check_snapshots(store, Refolding(assembly, store), findings, drop=drop)
            about_snapshots = f"; snapshots: {read:,} read, {findings.stale:,} stale, {findings.dropped:,} dropped"
    if not source.json:
        summary = f"{counted(events, 'event')} read, {counted(findings.wrong, 'finding')}{about_snapshots}"
        console().print(summary, style="red" if findings.wrong else "dim")
    return 1 if findings.wrong else 0


async def _check_events(store: Store, typed: EventStore | None, findings: Findings) -> int:
    check, events = _Check(typed), 0
    with progress("verifying events", await store.head()) as show:
        async for page in _readable(store, check, findings):
            for event in page.events:
                events += 1
                for each in check.wrong(event):
                    findings.tell(Finding(stream=event.stream, version=event.version, finding=each))
            show(page.position)
    return events


async def _readable(store: Store, check: _Check, findings: Findings) -> AsyncIterator[Page]:
    """Every page of the log; what is damaged so that it is no event is told, and passed over."""
    after = 0
    while True:
        try:
            async for page in pages(store, after=after):
                yield page
                after = page.position
        except StoreError as error:
            if not _is_damage(error):
                raise
        else:
            return
        for _ in range(_AROUND_DAMAGE):
            try:
                page = await store.read_log(after=after, upto=after + 1, limit=1)
            except StoreError as error:
                if not _is_damage(error):
                    raise
                findings.tell(Finding(stream="", version=0, finding=f"position {after + 1:,}: {error}"))
                check.position = after + 1
            else:
                yield page
            await breathe()
            after += 1


def _is_damage(error: StoreError) -> bool:
    """Whether *error* is about what is stored, and not about the store."""
    return type(error) is StoreError


async def _check_tags(store: Store, findings: Findings) -> None:
    if not isinstance(store, Indexed):
        return
    for each in await store.wrong_tags():
        what = (
            f"it has the tag {each.tag!r} and is not found by it, so append conditions do not see it"
            if each.lost
            else f"position {each.position:,} is found by the tag {each.tag!r}, which is not there"
        )
        stream, version = await _at(store, each.position)
        findings.tell(Finding(stream=stream, version=version, finding=f"{what}; restore the database from a backup"))


async def _at(store: Store, position: int) -> tuple[str, int]:
    """Stream and version of what is at *position*; no stream when nothing is, or it cannot be read."""
    try:
        events = (await store.read_log(after=max(position, 1) - 1, upto=max(position, 0), limit=1)).events
    except StoreError as error:
        if not _is_damage(error):
            raise
        return "", 0
    return (events[0].stream, events[0].version) if events else ("", 0)


class _Check:
    """Goes along the log.

    Attributes:
        position: of the event before.
    """

    def __init__(self, typed: EventStore | None) -> None:
        self._typed = typed
        self.position = 0
        self._recorded_at: datetime | None = None
        self._versions: dict[str, int] = {}

    def wrong(self, event: StoredEvent) -> Iterator[str]:
        if event.position != self.position + 1:
            yield f"position {event.position:,} follows position {self.position:,}"
        if event.version != (before := self._versions.get(event.stream, 0)) + 1:
            yield f"version {event.version} follows version {before}"
        if self._recorded_at is not None and event.recorded_at < self._recorded_at:
            yield f"it was recorded at {event.recorded_at}, before the event that it follows"
        unreadable = shown(event, self._typed).unreadable
        if isinstance(unreadable, Unreadable):
            yield f"{unreadable.error}: {unreadable.reason}"
        elif flaw := _flaw(event):
            yield flaw
        self.position, self._recorded_at = event.position, event.recorded_at
        self._versions[event.stream] = event.version


def _flaw(event: StoredEvent) -> str | None:
    try:
        check_stored(event)
    except InvalidInput as error:
        return f"{type(error).__name__}: {error}; nothing appends this, so restore the database from a backup"
    return None


async def _check_snapshots(store: Store, refolding: Refolding, findings: Findings, *, drop: bool) -> int:
    after, read = None, 0
    with progress("folding snapshots again", None) as show:
        while page := await store.read_snapshots(after=after, limit=_SNAPSHOTS):
            flawed: list[tuple[Snapshot, Flaw]] = []
            for snapshot in page:
                read += 1
                try:
                    flaw = await refolding.flaw(snapshot)
                except StoreError:
                    raise
                except Exception as error:  # noqa: BLE001 - a fold is the user's own code, and may raise anything
                    told = failed_fold(error) or f"{type(error).__name__}: {error}"
                    findings.tell(_about(snapshot, f"its events cannot be folded: {told}"))
                else:
                    if flaw is not None:
                        flawed.append((snapshot, flaw))
                await breathe()
            await _settle(store, flawed, findings, drop=drop)
            show(read)
            after = page[-1].key
    return read


async def _settle(store: Store, flawed: Sequence[tuple[Snapshot, Flaw]], findings: Findings, *, drop: bool) -> None:
    if drop:
        await store.drop_snapshots([snapshot.key for snapshot, _ in flawed])
    for snapshot, flaw in flawed:
        findings.tell(_about(snapshot, flaw.reason, stale=flaw.stale, dropped=drop))


def _about(snapshot: Snapshot, finding: str, *, stale: bool = False, dropped: bool = False) -> Finding:
    key = snapshot.key
    return Finding(
        stream=key.stream,
        version=key.version,
        finding=finding,
        fingerprint=key.fingerprint,
        stale=stale,
        dropped=dropped,
    )

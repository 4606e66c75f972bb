"""G8: rebuilds that meet others: each other, somebody who gives up, an earlier run that stopped, who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from msgspec.structs import replace

from leftfold import App
from leftfold.clock import SystemClock
from leftfold.errors import DamagedPayload, NotCaughtUp, NoWorker, RebuildStopped
from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.events import Page, StoredEvent
from leftfold.store.port import Store
from leftfold.store.transaction import Advance, Transaction
from leftfold.subscriptions.subscription import Reader, Source
from tests.guarantees.counting import QUICK, Total, append_counted, counting_house, folded, log_of
from tests.guarantees.kept_up import TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 30.0


def _silent(_done: int, _head: int) -> None:
    """Nobody looks how far it is."""


def _rebuild(follower: ProjectionFollower, owner: str = "one") -> Rebuild[Total]:
    return Rebuild[Total](follower, owner, QUICK)


@asynccontextmanager
async def _shown(store: Store) -> AsyncGenerator[tuple[App, ProjectionFollower]]:
    """An app that follows nothing any more, on a store whose rows show three events."""
    async with App(counting_house(), store=store, workers=QUICK) as app:
        head = await append_counted(store, [("a", 1), ("b", 2), ("a", 3)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
    async with App(counting_house(), store=store, workers=False) as app:
        yield app, app.running().followers["totals"]


async def test_two_rebuilds_at_once_build_one_generation_and_both_end_when_it_is_shown(place: Place) -> None:
    async with opened(place.url) as store, _shown(store) as (_, follower), opened(place.url) as elsewhere:
        other = ProjectionFollower(TOTALS, follower.source, elsewhere, SystemClock())
        rebuilds = [_rebuild(follower), _rebuild(other, "two"), _rebuild(follower, "3")]
        async with asyncio.timeout(_WAIT_S):
            await asyncio.gather(*(one.parked() for one in rebuilds))  # all have begun before the first one is done
            await asyncio.gather(*(one.show(_silent) for one in rebuilds))
        assert await store.generation(TOTALS.table) == 2
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


class _Held:
    """A store whose log is read only when that is let go on."""

    def __init__(self, store: Store) -> None:
        self.read, self.go_on = asyncio.Event(), asyncio.Event()
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def read_log(self, *, after: int = 0, limit: int = 500) -> Page:
        """See `Store.read_log`."""
        self.read.set()
        await self.go_on.wait()
        return await self._store.read_log(after=after, limit=limit)


async def test_a_rebuild_whose_rows_somebody_drops_says_so_and_the_next_begins_anew(place: Place) -> None:
    async with opened(place.url) as store, _shown(store) as (_, follower), asyncio.timeout(_WAIT_S):
        held = _Held(store)
        source = Source(cast("Store", held), follower.source.events)
        one = _rebuild(ProjectionFollower(TOTALS, source, store, SystemClock()))
        building = asyncio.create_task(one.show(_silent))
        await held.read.wait()
        await _rebuild(follower, "two").give_up()
        held.go_on.set()
        for task in (building, one.build(_silent)):
            with pytest.raises(RebuildStopped, match="somebody has dropped") as caught:
                await task
            assert caught.value.projection == "totals"
        assert await store.generation(TOTALS.table) == 1
        assert list(await store.checkpoints("totals@1.2/")) == []
        await _rebuild(follower).show(_silent)
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_what_another_rebuild_has_shown_meanwhile_is_not_compared_with_itself(place: Place) -> None:
    async with opened(place.url) as store, _shown(store) as (_, follower), asyncio.timeout(_WAIT_S):
        one = _rebuild(follower)
        await one.build(_silent)
        await _rebuild(follower, "two").show(_silent)
        with pytest.raises(RebuildStopped, match="another rebuild has shown"):
            await one.build(_silent)


class _Unreadable:
    """Reads events as *reader* does, but for one."""

    def __init__(self, reader: Reader, position: int) -> None:
        self._reader = reader
        self._position = position

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        """See `Reader.recorded`."""
        if stored.position == self._position:
            raise DamagedPayload(stored.stream, stored.version, stored.type, stored.schema_version, "it is damaged")
        return self._reader.recorded(stored, wanted)


async def test_a_rebuild_that_an_error_stopped_goes_on_once_it_is_mended(place: Place) -> None:
    async with opened(place.url) as store, _shown(store) as (_, follower), asyncio.timeout(_WAIT_S):
        source = Source(store, _Unreadable(follower.source.events, 2))
        broken = ProjectionFollower(TOTALS, source, store, SystemClock())
        for _ in range(2):
            with pytest.raises(RebuildStopped, match="it is damaged"):
                await _rebuild(broken).show(_silent)
        (left,) = await store.checkpoints("totals@1.2/")
        assert (left.position, left.note is None) == (1, False)
        await _rebuild(follower).show(_silent)
        assert await store.generation(TOTALS.table) == 2
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_who_waited_reads_what_he_waited_for_although_other_rows_are_shown_by_then(place: Place) -> None:
    async with opened(place.url) as store, _shown(store) as (app, follower):
        seen = await store.head()
        await app.monitor.wait("totals", position=seen, timeout=_WAIT_S)
        await _rebuild(follower).show(_silent)
        later = await append_counted(store, [("a", 4)])
        # Who follows learns of the switch at its next look only, and moves what was shown until then.
        claim = await store.claim("totals@1.1/0.1", "worker", _WAIT_S)
        assert claim is not None
        move = Advance(name=claim.name, token=claim.token, position=later, event_id=(await log_of(store))[-1].id)
        await store.transact(Transaction(writes=[move]))
        for wait_s in (0.0, 0.1):
            with pytest.raises((NotCaughtUp, NoWorker)):
                await app.monitor.wait("totals", position=later, timeout=wait_s)
        assert (await app.monitor.stream("totals", "account-a")).behind == 1
        async with App(counting_house(), store=store, workers=QUICK):
            await _followed(app, later)
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def _followed(app: App, position: int) -> None:
    """Wait until somebody else follows, and has come to *position*."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            try:
                return await app.monitor.wait("totals", position=position)
            except NoWorker:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def _overtaken(place: Place) -> AsyncGenerator[tuple[Store, Rebuild[Total]]]:
    """A rebuild whose rows are built when a release with other shards shows newer ones."""
    async with opened(place.url) as store, _shown(store) as (_, follower), asyncio.timeout(_WAIT_S):
        older = _rebuild(follower)
        await older.build(_silent)
        others = ProjectionFollower(replace(TOTALS, shards=2), follower.source, store, SystemClock())
        await _rebuild(others, "two").show(_silent)
        yield store, older


async def test_a_rebuild_of_a_release_with_other_shards_ends_when_newer_rows_are_shown(place: Place) -> None:
    async with _overtaken(place) as (store, older):
        assert await store.generation(TOTALS.table) == 3
        await older.show(_silent)
        assert await store.generation(TOTALS.table) == 3, "newer ones are as good"


async def test_a_rebuild_that_is_kept_and_that_newer_rows_have_overtaken_is_told_so(place: Place) -> None:
    async with _overtaken(place) as (_, older):
        with pytest.raises(RebuildStopped, match="another rebuild has shown"):
            await older.build(_silent)

"""Rows of projections that an app does not have any more, on every store."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from leftfold import App, Context, Event
from leftfold.app import open_store
from leftfold.errors import NotPossible, StoreUnavailable, TableMissing
from leftfold.projections import Leftover, forget_rows, leftovers
from leftfold.store import Expected, MemoryStore, Store
from leftfold.store.tables import Table
from leftfold.subscriptions.letters import letters_of

_OLD = Table(name="totals", version=1)
_KNOWN = {"totals@2"}


class Moved(Event):
    till: str
    cents: int


@dataclass(frozen=True)
class Total:
    till: str
    cents: int


def _fold(row: Total | None, event: Moved) -> Total:
    if event.cents < 0:
        raise ValueError(event.cents)
    return Total(event.till, event.cents + (row.cents if row else 0))


def _app(store: Store, version: int, name: str = "totals") -> App:
    tills = Context("tills")
    tills.projection(key="till", name=name, version=version)(_fold)
    return App(tills, store=store)


async def _run(app: App, *cents: int) -> None:
    async with app:
        for each in cents:
            await app.events.append("till-1", Moved(till="1", cents=each), expected=Expected.ANY)
        await app.settle()


@pytest.fixture
async def store(each_url: str) -> AsyncGenerator[Store]:
    opened = await open_store(each_url)
    yield opened
    await opened.close()


async def test_rows_of_an_older_version_are_dropped_with_all_that_belongs_to_them(store: Store) -> None:
    assert await leftovers(store, _KNOWN) == []
    await _run(_app(store, 1), 5, -1)  # the second is kept as a letter
    await _run(_app(store, 2))
    assert await leftovers(store, _KNOWN) == [Leftover(projection="totals@1", generations=1, owner=None)]
    assert len([one async for one in letters_of(store, "totals@1.1")]) == 1
    await forget_rows(store, "totals@1", _KNOWN, "me")
    assert await leftovers(store, _KNOWN) == []
    assert not [one async for one in letters_of(store, "totals@1.1")]
    assert len([one async for one in letters_of(store, "totals@2.1")]) == 1
    assert [one.name for one in await store.checkpoints("totals@")] == ["totals@2.1/0.1"]
    with pytest.raises(TableMissing):
        await store.scan(_OLD)
    app = _app(store, 2)
    await _run(app, 3)
    assert await store.scan(app.contexts[0].projections[0].table) == [("1", b'{"till":"1","cents":5}')]


async def test_rows_that_were_dropped_are_made_anew_by_code_that_still_has_them(store: Store) -> None:
    await _run(old := _app(store, 1), 5)
    await forget_rows(store, "totals@1", _KNOWN, "me")
    await _run(old, 6)
    assert await store.scan(old.contexts[0].projections[0].table) == [("1", b'{"till":"1","cents":11}')]


async def test_rows_that_a_worker_follows_are_not_dropped_and_it_goes_on(store: Store) -> None:
    await _run(_app(store, 1, "others"), 5)
    async with (old := _app(store, 1)):
        await old.settle()
        (left, other) = await leftovers(store, ())
        assert (left.projection, other.projection) == ("others@1", "totals@1")
        assert (left.owner, other.owner is None) == (None, False)
        with pytest.raises(NotPossible, match=rf"worker {other.owner} follows it"):
            await forget_rows(store, "totals@1", _KNOWN, "me")
        await forget_rows(store, "others@1", _KNOWN, "me")
        await old.events.append("till-1", Moved(till="1", cents=1), expected=1)
        await old.settle()
        assert await store.scan(old.contexts[0].projections[0].table) == [("1", b'{"till":"1","cents":6}')]


class _Breaking(MemoryStore):
    """Breaks once, behind the rows."""

    broken = False

    async def forget(self, name: str) -> None:
        """See `Checkpoints.forget`."""
        if self.broken:
            self.broken = False
            raise StoreUnavailable("it is down")
        await super().forget(name)


async def test_what_ended_half_way_is_done_again_at_once() -> None:
    store = _Breaking()
    await _run(_app(store, 1), 5)
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await forget_rows(store, "totals@1", _KNOWN, "me")
    assert [one.owner for one in await leftovers(store, _KNOWN)] == [None]
    await forget_rows(store, "totals@1", _KNOWN, "another")
    assert await leftovers(store, _KNOWN) == []
    assert not await store.checkpoints("totals@")


async def test_rows_that_every_append_wrote_are_dropped_where_nobody_ever_followed(store: Store) -> None:
    tills = Context("tills")
    tills.projection(key="till", name="totals", version=1)(_fold)
    async with App(tills, store=store, inline=["totals"], workers=False) as app:
        await app.events.append("till-1", Moved(till="1", cents=5), expected=Expected.NO_STREAM)
    await forget_rows(store, "totals@1", _KNOWN, "me")
    assert await leftovers(store, _KNOWN) == []


async def test_what_the_app_has_and_what_is_not_there_is_refused(store: Store) -> None:
    await _run(_app(store, 2), 5)
    with pytest.raises(NotPossible, match="the app has it"):
        await forget_rows(store, "totals@2", _KNOWN, "me")
    for name in ("totals@1", "totals", ""):
        with pytest.raises(NotPossible, match="no such rows"):
            await forget_rows(store, name, _KNOWN, "me")

"""Rows are written with appends or followed: an app that does the other appends nothing, until they are built anew."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest
from msgspec import Struct

from leftfold import Aggregate, App, Command, Context, Event, Query, ReadModel, applies
from leftfold.errors import NoWorker, RowsKeptOtherwise
from leftfold.projections.rebuilding import Rebuild
from leftfold.subscriptions import Timing

INLINE = ("boxes",)


class Put(Event):
    box: str
    count: int


class Box(Aggregate[Put]):
    count: int = 0

    @applies
    def _put(self, event: Put) -> None:
        self.count += event.count


class PutIn(Command):
    box: str


class Row(Struct, frozen=True):
    box: str
    count: int


class GetBox(Query[Row | None]):
    box: str


store = Context("store")


@store.decides(Box, id="box")
def put_in(command: PutIn, box: Box) -> None:
    box.record(Put(box=command.box, count=1))


@store.projection(key="box")
def boxes(row: Row | None, event: Put) -> Row:
    return Row(event.box, event.count + (row.count if row else 0))


@store.query
async def get_box(query: GetBox, rows: ReadModel[Row]) -> Row | None:
    return await rows.get(query.box)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        made: str = request.getfixturevalue("store_url")
        return made
    return f"sqlite:///{tmp_path}/store.db"


async def rebuilt(app: App) -> None:
    """As `leftfold rebuild boxes` does."""
    follower = app.running("store").followers["boxes"]
    await Rebuild[Row](follower, "a person").show(lambda _done, _head: None)


async def _appending(app: App) -> None:
    async with asyncio.timeout(20):
        while True:
            await app.send(PutIn(box="b"))
            await asyncio.sleep(0.05)


async def put(app: App, count: int) -> int:
    """Put *count* things in; returns how many the row shows then."""
    sent = [await app.send(PutIn(box="a")) for _ in range(count)]
    row = await app.ask(GetBox(box="a"), after=sent[-1])
    return row.count if row else 0


@pytest.mark.parametrize(("before", "after"), [(INLINE, ()), ((), INLINE)], ids=["inline no more", "inline now"])
async def test_rows_that_are_kept_otherwise_are_left_alone_until_they_are_built_anew(
    url: str, before: Collection[str], after: Collection[str]
) -> None:
    async with App(store, store=url, inline=before) as app:
        assert await put(app, 3) == 3
    other = App(store, store=url, inline=after)
    with pytest.raises(RowsKeptOtherwise, match="leftfold rebuild boxes") as raised:
        await other.__aenter__()
    assert (raised.value.projection, raised.value.inline) == ("boxes", before == INLINE)
    async with App(store, store=url, inline=after, workers=False) as app:
        for _ in range(2):
            with pytest.raises(RowsKeptOtherwise):
                await app.send(PutIn(box="a"))
        assert await app.ask(GetBox(box="a")) == Row("a", 3)
        assert [lag.name for lag in await app.monitor.lags()] == ([] if before else ["boxes@1.1"])
        await rebuilt(app)
    async with App(store, store=url, inline=after) as app:
        assert await put(app, 2) == 5
    with pytest.raises(RowsKeptOtherwise):
        await App(store, store=url, inline=before).__aenter__()


async def test_a_follower_that_was_behind_when_appends_began_to_write_its_rows_loses_nothing(url: str) -> None:
    async with App(store, store=url) as app:
        assert await put(app, 2) == 2
    async with App(store, store=url, workers=False) as app:
        for _ in range(3):
            await app.send(PutIn(box="a"))
    with pytest.raises(RowsKeptOtherwise):
        await App(store, store=url, inline=INLINE).__aenter__()
    async with App(store, store=url, inline=INLINE, workers=False) as app:
        await rebuilt(app)
    async with App(store, store=url, inline=INLINE) as app:
        assert await put(app, 1) == 6


async def test_who_only_reads_knows_when_rows_that_appends_wrote_are_followed_from_then_on(url: str) -> None:
    async with App(store, store=url, inline=INLINE) as app:
        written = await app.send(PutIn(box="a"))
    async with App(store, store=url, workers=False) as reader:
        assert await reader.ask(GetBox(box="a"), after=written) == Row("a", 1)
        await rebuilt(reader)
        async with App(store, store=url, workers=False) as app:
            written = await app.send(PutIn(box="a"))
        with pytest.raises(NoWorker):
            await reader.ask(GetBox(box="a"), after=written)


async def test_whoever_has_it_open_when_the_rows_are_built_anew_by_the_others_appends_nothing_more(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(store, store=url, workers=Timing(poll_s=0.1)) as app:
        assert await put(app, 2) == 2
        async with App(store, store=url, inline=INLINE, workers=False) as other:
            await rebuilt(other)
        with pytest.raises(RowsKeptOtherwise):
            await _appending(app)
    assert "context store appends nothing any more" in caplog.text

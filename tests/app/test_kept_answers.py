"""Kept answers do not outlive what they were made of: not beside a shard that stands still, nor after a dead letter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from leftfold import App, Context, Event, Query, ReadModel
from leftfold.ids import new_id
from leftfold.projections import invalidating
from leftfold.store import Expected, NewEvent, ToStream
from leftfold.subscriptions import Policy, Retry
from tests.copying import copied

_OFTEN = timedelta(milliseconds=20)
_POLICY = Policy(retry=Retry(attempts=10_000, first=_OFTEN, most=_OFTEN))
_BOUND_S = 10.0


class Added(Event):
    id: str


@dataclass(frozen=True)
class Row:
    n: int


class Get(Query[int]):
    id: str


class GetNow(Query[int]):
    id: str


class Folding:
    """What the fold meets."""

    broken = False


def counting(folding: Folding, shards: int = 1) -> Context:
    context = Context("counting")

    @context.projection(key="id", shards=shards, policy=_POLICY)
    def rows(row: Row | None, _event: Added) -> Row:
        if folding.broken:
            raise RuntimeError("not now")
        return Row(1 + (row.n if row else 0))

    @context.query
    async def get_now(query: GetNow, model: ReadModel[Row]) -> int:
        return _count(await model.get(query.id))

    @context.query(cache=timedelta(minutes=10))
    async def get(query: Get, model: ReadModel[Row]) -> int:
        return _count(await model.get(query.id))

    return context


def _count(row: Row | None) -> int:
    return row.n if row else 0


async def _add(app: App, *ids: str) -> None:
    for id in ids:
        await app.events.append(f"row-{id}", Added(id=id), expected=Expected.ANY)


async def _told(app: App, query: Query[int], count: int) -> None:
    async with asyncio.timeout(_BOUND_S):
        while await app.ask(query) != count:
            await asyncio.sleep(0.02)


async def _letters(app: App, count: int) -> None:
    async with asyncio.timeout(_BOUND_S):
        while len([letter async for letter in app.dead_letters.all()]) != count:
            await asyncio.sleep(0.02)


async def test_a_kept_answer_is_dropped_when_a_dead_letter_of_its_row_is_handled(each_url: str) -> None:
    folding = Folding()
    async with App(counting(folding), store=each_url) as app:
        await _add(app, "a")
        await _told(app, Get(id="a"), 1)
        folding.broken = True
        await _add(app, "a", "a")
        await _letters(app, 2)
        await app.monitor.wait_for_cache("rows", position=3)
        assert await app.ask(Get(id="a")) == 1
        folding.broken = False
        await _told(app, GetNow(id="a"), 3)
        await _told(app, Get(id="a"), 3)


async def test_the_monitor_tells_how_many_reads_were_spared_a_load(each_url: str) -> None:
    async with App(counting(Folding()), store=each_url) as app:
        await _add(app, "a")
        await app.monitor.wait("rows", position=1)
        await app.monitor.wait_for_cache("rows", position=1)
        assert [await app.ask(Get(id="a")) for _ in range(4)] == [1, 1, 1, 1]
        (told,) = app.monitor.cache_stats().values()
        assert (told.hits, told.misses, told.hit_ratio) == (3, 1, 0.75)


async def test_no_answer_is_kept_for_long_beside_more_letters_than_are_looked_at(
    each_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidating, "_PAGE", 2)
    folding = Folding()
    async with App(counting(folding), store=each_url) as app:
        await _add(app, "a", "b", "c")
        for id in "abc":
            await _told(app, Get(id=id), 1)
        folding.broken = True
        await _add(app, "a", "b", "c")
        await _letters(app, 3)
        assert [await app.ask(Get(id=id)) for id in "abc"] == [1, 1, 1]
        folding.broken = False
        for id in "abc":
            await _told(app, Get(id=id), 2)


async def test_it_is_dropped_when_the_log_is_put_back_although_that_has_grown_beyond_it_since(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("rows.db", "copy.db")]
    async with App(counting(Folding()), store=f"sqlite:///{paths[0]}", inline=["rows"]) as app:
        await _add(app, "b")
        copied(*paths)
        await _add(app, "a")
        await _told(app, Get(id="a"), 1)
        await app.monitor.wait_for_cache("rows", position=2)
        copied(*reversed(paths))
        await app.events.append("row-b", Added(id="b"), Added(id="b"), expected=Expected.ANY)
        await _told(app, Get(id="a"), 0)


async def test_it_is_dropped_in_another_process_too(tmp_path: Path) -> None:
    folding, url = Folding(), f"sqlite:///{tmp_path}/rows.db"
    async with (
        App(counting(folding), store=url) as app,
        App(counting(folding), store=url, workers=False) as other,
    ):
        await _add(app, "a")
        await _told(app, GetNow(id="a"), 1)
        await _told(other, Get(id="a"), 1)
        folding.broken = True
        await _add(app, "a")
        await _letters(app, 1)
        await other.monitor.wait_for_cache("rows", position=2)
        assert await other.ask(Get(id="a")) == 1
        folding.broken = False
        await _told(app, GetNow(id="a"), 2)
        await _told(other, Get(id="a"), 2)


async def test_a_kept_answer_is_dropped_although_another_shard_stands_still(each_url: str) -> None:
    async with App(counting(Folding(), shards=2), store=each_url) as app:
        standing, going_on = "abch", "defg"  # as their streams are shared out
        await _add(app, *standing, *going_on)
        for id in (*standing, *going_on):
            await _told(app, Get(id=id), 1)
        of_newer_code = NewEvent(id=new_id(), type="Newer", schema_version=1, data=b"{}")
        await app.store.append(ToStream("row-a", Expected.ANY, [of_newer_code]))
        await _add(app, *standing, *going_on)
        for query in (GetNow, Get):
            for id in going_on:
                await _told(app, query(id=id), 2)
            assert [await app.ask(query(id=id)) for id in standing] == [1, 1, 1, 1]

"""A connection remembers how the log and its streams end, for as long as that is so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from leftfold.adapters.sqlite import ends as ends_module
from leftfold.adapters.sqlite.ends import Ends
from leftfold.errors import Conflict, IdReused
from leftfold.store import AppendCondition, Expected, NewEvent, QueryItem, ToStream
from leftfold.store.transaction import Transaction
from leftfold.testing import ManualClock
from leftfold.testing.conformance.work_ground import begin
from tests.adapters.sqlite.opened import BEGIN, connected, event, opened, traced, url_of

_STREAM = "account-1"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return url_of(tmp_path / "store.db")


def selected(statements: Sequence[str]) -> list[str]:
    return [text for text in statements if text.startswith("select")]


async def versions(store: SqliteStore) -> list[tuple[int, int]]:
    return [(event.position, event.version) for event in await store.read_stream(_STREAM)]


async def test_what_goes_on_where_it_left_off_looks_up_nothing(url: str) -> None:
    async with opened(url) as store:
        await store.append(ToStream(_STREAM, 0, [event()]))
        statements = traced(store)
        await asyncio.gather(*(store.append(ToStream(_STREAM, version, [event()])) for version in (1, 2)))
        assert not selected(statements)
        assert await versions(store) == [(1, 1), (2, 2), (3, 3)]


async def test_who_is_refused_leaves_the_others_what_is_remembered(url: str) -> None:
    async with opened(url) as store:
        await store.append(ToStream(_STREAM, 0, [event()]))
        with pytest.raises(Conflict):
            await store.append(ToStream(_STREAM, 0, [event()]))
        statements = traced(store)
        await store.append(ToStream(_STREAM, 1, [event()]))
        assert not selected(statements)


async def test_who_repeats_one_append_after_another_has_only_the_first_judged_twice(url: str) -> None:
    events = [event() for _ in range(3)]
    async with opened(url) as store:
        for one in events:
            await store.append(ToStream(_STREAM, Expected.ANY, [one]))
        statements = traced(store)
        begun: list[int] = []
        for one in (*events, event(), event(), events[0]):
            await store.append(ToStream(_STREAM, Expected.ANY, [one]))
            begun.append(statements.count(BEGIN))
            statements.clear()
        assert begun == [2, 1, 1, 1, 1, 2]  # what is new is taken to be new again
        assert await versions(store) == [(number, number) for number in range(1, 6)]


async def test_what_another_store_has_written_is_seen_before_anything_is_judged(url: str) -> None:
    async with opened(url) as here, opened(url) as there:
        await here.append(ToStream(_STREAM, 0, [event()]))
        await there.append(ToStream(_STREAM, 1, [event(), event()]))
        written = await here.append(ToStream(_STREAM, 3, [event()]))
        assert (written.position, written.versions) == (4, {_STREAM: 4})
        await there.append(ToStream(_STREAM, 4, [event()]))
        with pytest.raises(Conflict) as raised:
            await here.append(ToStream(_STREAM, 4, [event()]))
        assert raised.value.actual == 5
        await there.append(ToStream("account-2", 0, [event()]))
        written = await here.append(ToStream(_STREAM, 5, [event()]))
        assert (written.position, written.versions) == (7, {_STREAM: 6})


async def test_times_never_go_back_however_far_ahead_the_clock_of_another_store_is(url: str) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    slow, fast = ManualClock(noon), ManualClock(noon + timedelta(hours=1))
    here, there = await open_sqlite(url, clock=slow), await open_sqlite(url, clock=fast)
    try:
        times = [
            (await store.append(ToStream(_STREAM, Expected.ANY, [event()]))).recorded_at
            for store in (here, there, here, here)
        ]
        assert times == [noon, *[noon + timedelta(hours=1)] * 3]
        slow.advance(timedelta(hours=2))
        after = await here.append(ToStream(_STREAM, Expected.ANY, [event()]))
        assert after.recorded_at == noon + timedelta(hours=2)
    finally:
        await here.close()
        await there.close()


async def test_what_was_restored_is_seen(url: str, tmp_path: Path) -> None:
    async with opened(url) as store, opened(url_of(tmp_path / "other.db")) as other:
        await store.append(ToStream(_STREAM, 0, [event()]))
        await other.restore(await store.read_stream(_STREAM))
        await other.append(ToStream(_STREAM, 1, [event()]))
        assert await store.restore(await other.read_stream(_STREAM)) == 1
        written = await store.append(ToStream(_STREAM, 2, [event()]))
        assert (written.position, written.versions) == (3, {_STREAM: 3})


async def test_a_commit_without_events_says_nothing_of_how_the_log_ends(url: str) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    clock = ManualClock(noon)
    store = await open_sqlite(url, clock=clock)
    try:
        await store.append(ToStream(_STREAM, 0, [event()]))
        clock.advance(timedelta(hours=1))
        statements = traced(store)
        await store.transact(Transaction(writes=[begin("a"), begin("b")]))
        assert not selected(statements)
        clock.set(noon + timedelta(minutes=1))
        after = await store.append(ToStream(_STREAM, 1, [event()]))
        assert (after.position, after.recorded_at) == (2, noon + timedelta(minutes=1))
        assert not selected(statements)
    finally:
        await store.close()


async def test_what_a_refused_batch_would_have_left_is_forgotten(url: str) -> None:
    reused = event()
    async with opened(url) as store:
        await store.append(ToStream("account-2", 0, [reused]))
        broken = [event(), _with_id(reused)]  # only the insert finds out about the second
        refused, stored = await asyncio.gather(
            store.append(ToStream(_STREAM, 0, broken)),
            store.append(ToStream(_STREAM, Expected.ANY, [event()])),
            return_exceptions=True,
        )
        assert isinstance(refused, IdReused)
        assert not isinstance(stored, BaseException)
        assert stored.versions == {_STREAM: 1}
        assert await versions(store) == [(2, 1)]


@pytest.mark.parametrize("expected", [0, Expected.ANY, Expected.NO_STREAM, Expected.STREAM_EXISTS])
async def test_what_is_repeated_in_company_is_told_so_and_its_company_is_stored(
    url: str, expected: int | Expected
) -> None:
    once = event()
    async with opened(url) as store:
        first = await store.append(ToStream(_STREAM, 0, [once]))
        await store.append(ToStream(_STREAM, 1, [event()]))
        before, again, after = await asyncio.gather(
            store.append(ToStream("account-2", 0, [event()])),
            store.append(ToStream(_STREAM, expected, [once])),
            store.append(ToStream(_STREAM, 2, [event()])),
        )
        assert (again.repeated, again.position, again.versions) == (True, first.position, first.versions)
        assert [before.versions, after.versions] == [{"account-2": 1}, {_STREAM: 3}]
        assert len(await versions(store)) == 3


@pytest.mark.parametrize("expected", [0, 1, Expected.ANY])
async def test_an_id_of_something_else_is_found_whatever_was_expected(url: str, expected: int | Expected) -> None:
    async with opened(url) as store:
        reused = event(1)
        await store.append(ToStream(_STREAM, 0, [reused]))
        with pytest.raises(IdReused):
            await store.append(ToStream(_STREAM, expected, [_with_id(reused)]))
        with pytest.raises(IdReused):
            await store.append(ToStream("account-2", Expected.ANY, [reused]))


async def test_a_repeated_append_is_known_before_its_condition_is_looked_at(url: str) -> None:
    async with opened(url) as store:
        once = event(tags=("seat-1",))
        condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat-1"})),), after=0)
        await store.append(ToStream(_STREAM, Expected.ANY, [once]), condition=condition)
        again = await store.append(ToStream(_STREAM, Expected.ANY, [once]), condition=condition)
        assert again.repeated


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends_module, "_REMEMBERED", 3)
    with connected(Path(":memory:")) as connection:
        ends = Ends(connection)
        ends.keep((3, 0), {"a": 1, "b": 1, "c": 1})
        assert ends.version("a") == 1
        ends.keep((4, 0), {"d": 1})
        assert [ends.version(name) for name in "abcd"] == [None, None, None, 1]


def _with_id(of: NewEvent) -> NewEvent:
    return NewEvent(id=of.id, type=of.type, data=b'{"other":true}')

"""Waiting for the log: notifications wake across processes, and whoever hears none still looks."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.adapters.postgres import PostgresLocation, append_within, listening, waking
from leftfold.adapters.postgres.connecting import Connector, Readers
from leftfold.adapters.postgres.listening import Listener
from leftfold.errors import StoreClosed
from leftfold.ids import new_id
from leftfold.store import Advance, ToStream, Transaction
from leftfold.testing.conformance.work_ground import begin
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to
from tests.adapters.postgres.opened import connected, event, opened, rows

_LONG_S = 60.0


@pytest.fixture
def never_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "_POLL_S", _LONG_S)


@pytest.mark.usefixtures("never_polls")
async def test_a_commit_of_another_store_is_heard_without_polling(store_url: str) -> None:
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for head in range(20):
            waiting = asyncio.ensure_future(store.wake(head, _LONG_S))
            await other.append(ToStream("a-1", head, [event()]))
            assert await waiting == head + 1


@pytest.mark.usefixtures("never_polls")
async def test_a_commit_right_before_closing_is_heard_too(store_url: str) -> None:
    async with opened(store_url) as store, asyncio.timeout(_LONG_S / 4):
        waiting = asyncio.ensure_future(store.wake(2, _LONG_S))
        async with opened(store_url) as other:
            for version in range(3):
                await other.append(ToStream("a-1", version, [event()]))
        assert await waiting == 3


async def test_whoever_waits_while_the_store_is_closed_is_told(store_url: str) -> None:
    async with opened(store_url) as store:
        waiting = asyncio.ensure_future(store.wake(0, _LONG_S))
        assert await store.head() == 0
        await store.close()
        with pytest.raises(StoreClosed):
            await waiting


@pytest.mark.usefixtures("never_polls")
@pytest.mark.parametrize("question", [b"LISTEN", b"select 1"], ids=["at once", "later"])
async def test_a_listener_that_has_fallen_silent_listens_again(
    postgres: PostgresServer, store_url: str, question: bytes
) -> None:
    impatient = f"{store_url.replace('deadline_s=20', 'deadline_s=0.2')}&connect_timeout=0.5"
    async with (
        asyncio.timeout(_LONG_S / 4),
        wire_to(postgres.port) as (wire, port),
        opened(impatient.replace(f":{postgres.port}/", f":{port}/")) as store,
        opened(store_url) as other,
    ):
        wire.fall_silent_after(question)
        waiting = asyncio.ensure_future(store.wake(0, _LONG_S))
        await wire.loses()
        await other.append(ToStream("a-1", 0, [event()]))
        assert await waiting == 1


@pytest.mark.usefixtures("never_polls")
async def test_a_listener_that_was_cut_listens_again(store_url: str) -> None:
    cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen %'"
    async with opened(store_url) as store, opened(store_url) as other, asyncio.timeout(_LONG_S / 4):
        for head in range(2):
            waiting = asyncio.ensure_future(store.wake(head, _LONG_S))
            while await rows(store_url, cut) == [(0,)]:
                assert not waiting.done()
            await other.append(ToStream("a-1", head, [event()]))
            assert await waiting == head + 1


async def test_what_is_not_told_is_found_by_looking(store_url: str) -> None:
    schema = PostgresLocation.parse(store_url).schema
    async with opened(store_url) as store, connected(store_url) as own, asyncio.timeout(_LONG_S / 4):
        waiting = asyncio.ensure_future(store.wake(0, _LONG_S))
        async with own.transaction():
            await append_within(own, ToStream("a-1", 0, [event()]), schema=schema)
            assert not waiting.done()
        assert await waiting == 1


@pytest.mark.usefixtures("never_polls")
async def test_a_commit_of_ones_own_is_told_to_those_who_wait_for_less_without_hearing_of_it(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "_RETRY_S", _LONG_S)
    cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen %'"
    async with opened(store_url) as store, asyncio.timeout(_LONG_S / 4):
        first, third = (asyncio.ensure_future(store.wake(after, _LONG_S)) for after in (0, 2))
        while await rows(store_url, cut) == [(0,)]:
            assert not first.done()
        await store.append(ToStream("a-1", 0, [event(), event()]))
        assert await first == 2
        await store.append(ToStream("a-1", 2, [event()]))
        assert await third == 3


@pytest.mark.usefixtures("never_polls")
async def test_who_waits_for_one_checkpoint_is_told_of_that_one_and_of_where_it_is_now(store_url: str) -> None:
    async with opened(store_url) as store, asyncio.timeout(_LONG_S / 4):
        claims = {name: await store.claim(name, "me", _LONG_S) for name in ("a", "b")}
        waiting = {name: asyncio.ensure_future(store.reached(name, 2, _LONG_S)) for name in claims}
        for name, position in (("a", 1), ("b", 5), ("a", 2)):
            claim = claims[name]
            assert claim is not None
            assert not waiting[name].done()
            advance = Advance(name=name, token=claim.token, position=position, event_id=new_id())
            await store.transact(Transaction(writes=[advance]))
        assert {name: await one for name, one in waiting.items()} == {"a": 2, "b": 5}
        await store.forget("a")
        assert await store.reached("a", 1, 0.0) == 0


async def test_those_who_wait_for_one_number_look_together_and_see_what_nobody_tells(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after another they wait anew, at moments of their own, as what follows a log does when nothing happens."""
    monkeypatch.setattr(waking, "_POLL_S", 0.1)
    connector = Connector(PostgresLocation.parse(store_url))
    readers = Readers(connector)
    listener = Listener(connector)
    waker = waking.Waker(listener, readers)
    number = looks = 0

    async def look() -> int:
        nonlocal looks
        looks += 1
        return number

    async def follow(pause_s: float) -> int:
        await asyncio.sleep(pause_s)
        for _ in range(3):
            assert await waker.wake(look, 0, 0.15) == 0
        return await waker.wake(look, 0, _LONG_S)

    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(_LONG_S / 4):
        following = [asyncio.ensure_future(follow(n / 100)) for n in range(10)]
        await asyncio.sleep(0.6)
        passed = asyncio.get_running_loop().time() - began
        assert looks <= 3 + passed / 0.1, "one each 0.1 s, and some for when its connection begins to listen"
        number = 1
        assert await asyncio.gather(*following) == [1] * 10
        number = 0
        assert await waker.wake(look, 0, 0.0) == 0, "put back"
    await waker.close()
    await listener.close()
    await readers.close()


async def test_a_store_keeps_its_readers_and_three_connections_and_no_more(store_url: str) -> None:
    count = "select count(*) from pg_stat_activity where application_name = 'counted'"
    hearing = f"{count} and query like 'LISTEN %_work%'"
    async with opened(f"{store_url}&pool=2&application_name=counted") as store, asyncio.timeout(_LONG_S):
        waits = (store.wake(99, _LONG_S), store.reached("a", 9, _LONG_S), store.await_work(["q"], _LONG_S))
        waiting = [asyncio.ensure_future(wait) for wait in waits]
        await asyncio.gather(
            *(store.append(ToStream(f"a-{number}", 0, [event()])) for number in range(9)),
            *(store.transact(Transaction(writes=[begin(f"w-{number}", None)])) for number in range(9)),
            *(store.claim(f"c-{number}", "me", _LONG_S) for number in range(9)),
            *(store.read_log() for _ in range(9)),
        )
        while await rows(store_url, hearing) == [(0,)]:  # the last of three channels; it connects by itself
            assert not any(each.done() for each in waiting)
        assert await rows(store_url, count) == [(5,)]
        for each in waiting:
            each.cancel()

"""Connections are cut again and again while many append: no caller notices, every append is stored once."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.errors import Conflict, OutcomeUnknown, StoreUnavailable
from leftfold.store import Appended, ToStream
from leftfold.store.limits import BATCH_EVENTS
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to, wired
from tests.adapters.postgres.opened import CUT_OTHERS, connected, event, log_of, opened, schema_of

_WRITERS = 12
_APPENDS = 25
_CUTS = 10
_FIFTH = BATCH_EVENTS // 5
_FULL_BATCHES = 4
_LOST = 8
_DEADLINE_S = 0.2
_HEAD = "select coalesce(max(position), 0) from {}.events"


class _Cuts:
    """Cuts every connection a few milliseconds after each progress."""

    def __init__(self) -> None:
        self.count = 0

    async def go_on(self, done: asyncio.Event, url: str) -> None:
        async with connected(url) as killer:
            head = -1
            while not done.is_set():
                reached: int = await killer.fetchval(_HEAD.format(schema_of(url)))
                await killer.execute("select pg_sleep(0.004 * random())")
                if reached > head:
                    self.count += await killer.fetchval(CUT_OTHERS)
                    head = reached


async def test_every_append_is_stored_exactly_once_while_backends_are_killed(lone_url: str) -> None:
    acknowledged: dict[tuple[str, int], Appended] = {}
    done, cuts = asyncio.Event(), _Cuts()

    async def write(stream: str) -> int:
        n = 0
        while n < _APPENDS or (cuts.count < _CUTS and not cutting.done()):
            acknowledged[stream, n] = await store.append(ToStream(stream, 2 * n, [event(n), event(n)]))
            n += 1
        return n

    url = f"{lone_url}?deadline_s=20"  # only its connections are cut
    async with opened(url) as store:
        cutting = asyncio.ensure_future(cuts.go_on(done, url))
        try:
            counts = await asyncio.gather(*(write(f"w-{number}") for number in range(_WRITERS)))
        finally:
            done.set()
        await cutting
        assert cuts.count >= _CUTS
        log = await log_of(store)
        assert [e.position for e in log] == list(range(1, 2 * sum(counts) + 1))
        for number, count in enumerate(counts):
            versions = [e.version for e in log if e.stream == f"w-{number}"]
            assert versions == list(range(1, 2 * count + 1))
        by_position = {e.position: e for e in log}
        for (stream, n), appended in acknowledged.items():
            last = by_position[appended.position]
            assert (last.stream, last.version, appended.versions) == (stream, 2 * n + 2, {stream: 2 * n + 2})


async def test_an_append_whose_answer_was_lost_is_sent_again_and_stored_once(
    postgres: PostgresServer, store_url: str
) -> None:
    async with wired(postgres, store_url) as (wire, store):
        first = await store.append(ToStream("a-1", 0, [event()]))
        assert first.repeated is False
        wire.lose_answer_to(b"lost-me")
        outcomes = await asyncio.gather(
            store.append(ToStream("lost-me", 0, [event(), event()])),
            store.append(ToStream("lost-me", 2, [event()])),
            store.append(ToStream("a-1", 0, [event()])),
            return_exceptions=True,
        )
        assert wire.lost == 1
        lost, chained, conflict = outcomes
        assert isinstance(lost, Appended)
        assert isinstance(chained, Appended)
        assert (lost.position, lost.versions, lost.repeated) == (3, {"lost-me": 2}, True)
        assert (chained.position, chained.versions, chained.repeated) == (4, {"lost-me": 3}, True)
        assert isinstance(conflict, Conflict)
        assert [(e.position, e.stream, e.version) for e in await log_of(store)] == [
            (1, "a-1", 1),
            (2, "lost-me", 1),
            (3, "lost-me", 2),
            (4, "lost-me", 3),
        ]


async def test_batches_made_ready_behind_one_whose_answer_was_lost_keep_their_order(
    postgres: PostgresServer, store_url: str
) -> None:
    def part(number: int) -> ToStream:
        mark = f"lost-{number}" if number == _LOST else "kept"
        return ToStream("a-1", number * _FIFTH, [event(type=mark), *(event(n) for n in range(1, _FIFTH))])

    async with wired(postgres, store_url) as (wire, store):
        wire.lose_answer_to(f"lost-{_LOST}".encode())
        outcomes = await asyncio.gather(*(store.append(part(number)) for number in range(_FULL_BATCHES * 5)))
        assert wire.lost == 1
        assert [appended.position for appended in outcomes] == [
            (number + 1) * _FIFTH for number in range(_FULL_BATCHES * 5)
        ]
        repeated = [number for number, appended in enumerate(outcomes) if appended.repeated]
        assert repeated == list(range(_LOST - _LOST % 5, _LOST - _LOST % 5 + 5))


async def test_a_read_whose_answer_was_lost_is_asked_again(postgres: PostgresServer, store_url: str) -> None:
    async with wired(postgres, store_url) as (wire, store):
        await store.append(ToStream("read-me", 0, [event()]))
        wire.lose_answer_to(b"read-me")
        assert len(await store.read_stream("read-me")) == 1
        assert wire.lost == 1


async def test_a_read_that_a_silent_connection_never_answers_is_asked_again_over_another(
    postgres: PostgresServer, store_url: str
) -> None:
    async with (
        wire_to(postgres.port) as (wire, port),
        opened(_impatient(store_url).replace(f":{postgres.port}/", f":{port}/")) as store,
    ):
        await store.append(ToStream("read-me", 0, [event()]))
        wire.fall_silent_after(b"read-me")
        async with asyncio.timeout(10):
            assert len(await store.read_stream("read-me")) == 1
        assert wire.lost == 1
        assert b"pg_type" not in wire.sent  # whoever asks waits for no look-up of types


async def test_a_read_that_nobody_answers_says_what_it_waited_for_in_vain(
    postgres: PostgresServer, store_url: str
) -> None:
    url = f"{_impatient(store_url)}&connect_timeout=0.5"
    async with wire_to(postgres.port) as (wire, port), opened(url.replace(f":{postgres.port}/", f":{port}/")) as store:
        wire.go_dead()
        with pytest.raises(StoreUnavailable, match=r"out of reach for 0\.2 s: TimeoutError\."):
            async with asyncio.timeout(10):
                await store.head()


@pytest.mark.parametrize("options", ["", "&options=-c%20track_activities%3Doff"], ids=["told", "untold"])
async def test_a_read_that_the_server_works_for_is_waited_for_however_long_it_takes(
    store_url: str, options: str
) -> None:
    async with opened(_impatient(store_url) + options) as store, connected(store_url) as holding:
        await store.append(ToStream("read-me", 0, [event()]))
        async with holding.transaction():
            await holding.execute(f"lock table {schema_of(store_url)}.events in access exclusive mode")
            reading = asyncio.create_task(store.read_stream("read-me"))
            await asyncio.sleep(4 * _DEADLINE_S)
            assert not reading.done()
        assert len(await reading) == 1


def _impatient(url: str) -> str:
    return url.replace("deadline_s=20", f"deadline_s={_DEADLINE_S}")


async def test_an_append_that_a_silent_connection_never_answers_is_sent_again_over_another(
    postgres: PostgresServer, store_url: str
) -> None:
    url = store_url.replace(f":{postgres.port}/", "{}").replace("deadline_s=20", "deadline_s=1.5")
    async with wire_to(postgres.port) as (wire, port), opened(url.replace("{}", f":{port}/")) as store:
        await store.append(ToStream("a-1", 0, [event()]))
        wire.fall_silent_after(b"unheard")
        appended = await store.append(ToStream("unheard", 0, [event()]))
        assert (appended.repeated, appended.position, wire.lost) == (True, 2, 1)


async def test_an_append_that_a_silent_server_never_answers_is_given_up_and_may_be_repeated(
    postgres: PostgresServer, store_url: str
) -> None:
    told = event()
    async with (
        wire_to(postgres.port) as (wire, port),
        opened(
            store_url.replace(f":{postgres.port}/", f":{port}/").replace("deadline_s=20", "deadline_s=0.5")
        ) as store,
    ):
        await store.append(ToStream("a-1", 0, [event()]))
        wire.fall_silent_after(b"unheard")
        appending = asyncio.create_task(store.append(ToStream("unheard", 0, [told])))
        await wire.loses()
        wire.go_dead()
        with pytest.raises(OutcomeUnknown) as unknown:
            async with asyncio.timeout(10):
                await appending
        assert (unknown.value.ids, wire.lost) == ((told.id,), 1)
    async with opened(store_url) as store:
        again = await store.append(ToStream("unheard", 0, [told]))
        assert (again.repeated, again.position) == (True, 2)

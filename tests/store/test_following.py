"""Following the log: everything once and in order, never past an event that cannot be read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from leftfold.app import open_store
from leftfold.errors import (
    CheckpointMismatch,
    DamagedPayload,
    StoreClosed,
    UnknownEventType,
    UnknownSchemaVersion,
    UpcastFailed,
)
from leftfold.ids import new_id
from leftfold.messages import Codec, Registry
from leftfold.store import EventStore, Expected, NewEvent, QueryItem, Store, ToStream, Unknown
from tests.copying import copied
from tests.messages.versions import CODEC, Added, Cashed, Clicked, Ordered, PaidV1, PaidV3, Taken

OLD_CODEC = Codec(Registry("shop", Added | PaidV1 | Clicked | Ordered))
PATIENCE_S = 20.0


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    store = await open_store("memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/store.db")
    yield store
    left = asyncio.all_tasks() - {asyncio.current_task()}  # those of a test that failed
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await store.close()


class Follower:
    """A task that follows, and what it has seen."""

    def __init__(self, events: EventStore, after: int = 0, unknown: Unknown = Unknown.WAIT) -> None:
        self.seen: list[tuple[int, object]] = []
        self.position = after
        self._moved = asyncio.Event()
        self._task = asyncio.create_task(self._follow(events, unknown))

    async def _follow(self, events: EventStore, unknown: Unknown) -> None:
        async for page in events.follow(after=self.position, unknown=unknown):
            assert page.position > self.position
            assert all(self.position < event.position <= page.position for event in page.events)
            self.seen += [(event.position, event.event) for event in page.events]
            self.position = page.position
            self._moved.set()

    async def reaches(self, position: int) -> None:
        """Wait until it has seen everything up to a position, and no more."""
        async with asyncio.timeout(PATIENCE_S):
            while self.position < position:
                self._moved.clear()
                waiting = asyncio.ensure_future(self._moved.wait())
                await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if self._task.done():
                    self._task.result()
        assert self.position == position

    async def fails(self) -> BaseException | None:
        """Wait until it has ended, and return why."""
        with suppress(BaseException):
            async with asyncio.timeout(PATIENCE_S):
                await self._task
        return self._task.exception()

    async def cancel(self) -> None:
        """End it; it was still running."""
        assert not self._task.done()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        assert self._task.cancelled()


async def append(store: Store, *events: object) -> None:
    await EventStore(store, CODEC).append("shop-1", *events, expected=Expected.ANY)


def items(*names: str) -> list[Added]:
    return [Added(item=name) for name in names]


async def test_it_catches_up_and_then_sees_each_new_event_once(store: Store) -> None:
    await append(store, *items(*map(str, range(1_200))))
    follower = Follower(EventStore(store, CODEC))
    await follower.reaches(1_200)
    for position in (1_201, 1_202):
        await append(store, Added(item="live"))
        await follower.reaches(position)
    await follower.cancel()
    assert follower.seen == list(enumerate([*items(*map(str, range(1_200))), *items("live", "live")], start=1))


async def test_it_sees_what_upcasts_make_of_old_events_and_moves_on_over_what_they_drop(store: Store) -> None:
    await append(store, Clicked(where="x"), Ordered(item="pen", amount=Decimal(2)), Clicked(where="y"))
    follower = Follower(EventStore(store, CODEC))
    await follower.reaches(3)
    await append(store, Clicked(where="z"))
    await follower.reaches(4)
    await follower.cancel()
    assert follower.seen == [(2, Added(item="pen")), (2, PaidV3(value=Decimal(2), currency="USD"))]


async def test_a_filter_holds_and_pages_tell_how_far_it_looked(store: Store) -> None:
    await append(store, *items("a"), Taken(item="b"), *items("c"), Taken(item="d"))
    pages = EventStore(store, CODEC).follow(match=(QueryItem(types=frozenset({"Taken"})),), category="shop")
    page = await anext(pages)
    assert ([event.event for event in page.events], page.position) == ([Taken(item="b"), Taken(item="d")], 4)
    other = await anext(EventStore(store, CODEC).follow(category="other", after=1))
    assert (other.events, other.position) == ([], 4)


@pytest.mark.parametrize(
    ("stranger", "error"),
    [
        (PaidV3(value=Decimal(1), currency="USD"), UnknownSchemaVersion),
        (Taken(item="x"), UnknownEventType),
    ],
)
async def test_before_an_event_of_newer_code_it_waits_and_says_so_once(
    store: Store, stranger: object, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    await append(store, *items("a", "b"), stranger, *items("c"))
    with caplog.at_level(logging.WARNING, logger="leftfold"):
        follower = Follower(EventStore(store, OLD_CODEC))
        await follower.reaches(2)
        for _ in range(3):
            await append(store, *items("d"))
            await store.wake(0, PATIENCE_S)
            await asyncio.sleep(0)
        await follower.cancel()
    assert follower.seen == list(enumerate(items("a", "b"), start=1))
    (said,) = [record.getMessage() for record in caplog.records if record.name == "leftfold"]
    assert "position 2" in said
    assert "stream 'shop-1' version 3" in said
    stopping = Follower(EventStore(store, OLD_CODEC), unknown=Unknown.STOP)
    assert type(await stopping.fails()) is error
    assert (stopping.position, stopping.seen) == (2, follower.seen)
    newer = Follower(EventStore(store, CODEC), after=follower.position)
    await newer.reaches(7)
    await newer.cancel()
    assert newer.seen == list(enumerate([stranger, *items("c", "d", "d", "d")], start=3))


async def test_an_event_of_newer_code_that_comes_while_it_is_live_stops_it_there_too(store: Store) -> None:
    follower = Follower(EventStore(store, OLD_CODEC))
    await append(store, *items("a"))
    await follower.reaches(1)
    await append(store, *items("b"), Taken(item="x"), *items("c"))
    await follower.reaches(2)
    await follower.cancel()
    assert follower.seen == list(enumerate(items("a", "b"), start=1))


async def test_it_never_waits_at_what_no_newer_code_would_mend(store: Store) -> None:
    def broken(old: Cashed) -> PaidV3:
        raise KeyError(old.cents)

    breaking = Codec(Registry("shop", Added, PaidV3, upcasts=[broken]))
    await append(store, *items("a"), Cashed(cents=1))
    damaged = NewEvent(id=new_id(), type="Added", data=b'{"item":5}')
    await store.append(ToStream("shop-1", Expected.ANY, [damaged]))
    for codec, position, error in ((breaking, 1, UpcastFailed), (CODEC, 2, DamagedPayload)):
        follower = Follower(EventStore(store, codec))
        assert isinstance(await follower.fails(), error)
        assert follower.position == position


@pytest.mark.parametrize("held", [False, True])
async def test_a_closed_store_ends_it_also_while_it_waits_for_newer_code(tmp_path: Path, *, held: bool) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/store.db")
    await append(store, *items("a"), *([Taken(item="x")] if held else []))
    follower = Follower(EventStore(store, OLD_CODEC))
    await follower.reaches(1)
    await asyncio.sleep(0)
    await store.close()
    assert isinstance(await follower.fails(), StoreClosed)


@pytest.mark.parametrize("more", [0, 1, 4], ids=["shorter", "as long", "longer"])
@pytest.mark.parametrize("category", [None, "shop"])
async def test_a_log_that_is_put_back_ends_it_however_far_that_has_grown_since(
    tmp_path: Path, more: int, category: str | None
) -> None:
    """The positions that it has passed hold other events by the time it looks."""
    paths = [tmp_path / name for name in ("log.db", "copy.db")]
    store = await open_store(f"sqlite:///{paths[0]}")
    await append(store, *items("a"))
    copied(*paths)
    await append(store, *items("b"))
    pages = EventStore(store, CODEC).follow(category=category)
    assert (await anext(pages)).position == 2
    copied(*reversed(paths))
    if more:
        await append(store, *items(*"cdef"[:more]))
    with pytest.raises(CheckpointMismatch, match=r"position 2.*follow\(after="):
        await anext(pages)
    with pytest.raises(CheckpointMismatch):
        await anext(EventStore(store, CODEC).follow(after=9, category=category))
    await store.close()

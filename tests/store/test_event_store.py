"""An event store reads old events as those of today, page by page, and leaves what is stored alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from leftfold.errors import InvalidQuery, UpcastFailed
from leftfold.messages import Codec, Metadata, RecordedEvent, Registry
from leftfold.store import Envelope, EventStore, MemoryStore, QueryItem
from tests.messages.versions import CODEC, OLD, TODAY, Added, Cashed, Cleared, Clicked, Ordered, PaidV1, PaidV3, Taken

PEN = Ordered(item="pen", amount=Decimal(2))
PAID = PaidV3(value=Decimal(2), currency="USD")


@pytest.fixture
async def events() -> AsyncIterator[EventStore]:
    store = MemoryStore()
    old_code = EventStore(store, Codec(Registry("shop", OLD, TODAY)))
    written = Envelope(event=PEN, tags=("pen",), metadata=Metadata(actor="ann"))
    clicks = (Clicked(where="here"),) * 5
    await old_code.append("shop-1", written, *clicks, Cleared(items=("a", "b", "c")), *clicks, expected=0)
    await old_code.append("shop-1", Added(item="ink"), PaidV1(amount=Decimal(2), note=""), expected=12)
    await old_code.append("shop-2", *clicks, expected=0)
    yield EventStore(store, CODEC)
    await store.close()


TODAYS = [
    (1, Added(item="pen")),
    (1, PAID),
    (7, Taken(item="a")),
    (7, Taken(item="b")),
    (7, Taken(item="c")),
    (13, Added(item="ink")),
    (14, PAID),
]


def numbered(events: list[RecordedEvent[object]]) -> list[tuple[int, object]]:
    return [(event.version, event.event) for event in events]


async def test_a_stream_is_read_in_the_classes_of_today(events: EventStore) -> None:
    assert numbered(await events.read("shop-1")) == TODAYS
    assert await events.read("shop-2") == []


async def test_the_parts_of_a_split_event_come_with_all_that_the_store_knows_of_the_one(events: EventStore) -> None:
    first, second = (await events.read("shop-1", upto=1))[:2]
    assert (first.type, first.schema_version, first.version, first.position) == ("Ordered", 1, 1, 1)
    assert (first.id, first.recorded_at, first.tags, first.metadata.actor) == (
        second.id,
        second.recorded_at,
        ("pen",),
        "ann",
    )
    assert (second.type, second.version, second.position) == ("Ordered", 1, 1)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
async def test_paging_on_after_the_last_version_gives_everything_once_over_what_is_dropped_and_split(
    events: EventStore, limit: int
) -> None:
    for ends_with_a_short_page in (False, True):
        forward: list[tuple[int, object]] = []
        after = 0
        while page := await events.read("shop-1", after=after, limit=limit):
            assert len(page) >= limit or page[-1].version == 14
            forward += numbered(page)
            after = page[-1].version
            if ends_with_a_short_page and len(page) < limit:
                break
        assert forward == TODAYS


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
async def test_paging_backward_gives_everything_once_newest_first(events: EventStore, limit: int) -> None:
    backward: list[tuple[int, object]] = []
    upto: int | None = None
    while page := await events.read("shop-1", upto=upto, backward=True, limit=limit):
        backward += numbered(page)
        upto = page[-1].version - 1
    assert backward == TODAYS[::-1]


async def test_a_range_holds_within_what_is_dropped(events: EventStore) -> None:
    assert await events.read("shop-1", after=1, upto=6) == []
    assert numbered(await events.read("shop-1", after=6, upto=12, limit=1)) == TODAYS[2:5]
    assert await events.read("shop-1", after=7, upto=12, backward=True) == []
    with pytest.raises(InvalidQuery):
        await events.read("shop-1", limit=0)
    given: Any = "2"
    with pytest.raises(InvalidQuery, match="give whole numbers"):
        await events.read("shop-1", limit=given)


async def test_the_log_is_read_in_the_classes_of_today_and_a_page_moves_on_over_what_is_dropped(
    events: EventStore,
) -> None:
    page = await events.read_log(limit=3)
    assert ([event.event for event in page.events], page.position) == ([Added(item="pen"), PAID], 3)
    page = await events.read_log(after=1, limit=2)
    assert (page.events, page.position) == ([], 3)
    rest = await events.read_log(after=6)
    assert ([event.event for event in rest.events], rest.position) == ([event for _, event in TODAYS[2:]], 19)


async def test_the_log_is_searched_for_what_is_stored(events: EventStore) -> None:
    found = await events.read_log(match=(QueryItem(types=frozenset({"Ordered"})),))
    assert [event.event for event in found.events] == [Added(item="pen"), PAID]
    assert (await events.read_log(match=(QueryItem(types=frozenset({"Taken"})),))).events == []


async def test_a_failed_upcast_is_told_with_stream_and_version() -> None:
    def broken(old: Cashed) -> PaidV3:
        raise KeyError(old.cents)

    events = EventStore(MemoryStore(), Codec(Registry("shop", TODAY, upcasts=[broken])))
    await events.append("shop-3", Added(item="x"), Cashed(cents=1), expected=0)
    with pytest.raises(UpcastFailed) as caught:
        await events.read("shop-3")
    with pytest.raises(UpcastFailed):
        await events.read_log()
    assert (caught.value.stream, caught.value.version) == ("shop-3", 2)

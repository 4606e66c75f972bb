"""Laws of reading: streams forward, backward and in ranges; the log by type, tag and category."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from leftfold.errors import InvalidQuery
from leftfold.store.events import Expected, QueryItem, ToStream
from leftfold.store.limits import MAX_NAME_BYTES, MAX_QUERY_TAGS, MAX_QUERY_TYPES, SCAN_POSITIONS
from leftfold.testing.conformance.stores import FullStore, Laws, event, events, scan

__all__ = ["ReadLaws"]

# After, up to, at most, backward, and the versions that are read.
_RANGES: tuple[tuple[int, int | None, int, bool, list[int]], ...] = (
    (0, None, 500, False, [1, 2, 3, 4, 5]),
    (0, None, 500, True, [5, 4, 3, 2, 1]),
    (2, None, 500, False, [3, 4, 5]),
    (2, 4, 500, False, [3, 4]),
    (2, 4, 500, True, [4, 3]),
    (0, None, 2, False, [1, 2]),
    (0, None, 2, True, [5, 4]),
    (1, None, 1, False, [2]),
    (0, 0, 500, False, []),
    (5, None, 500, False, []),
    (4, 2, 500, False, []),
    (0, 99, 500, False, [1, 2, 3, 4, 5]),
)
# Items as TAGS/TYPES, and the positions that are found.
_MATCHES: tuple[tuple[list[str], list[int]], ...] = (
    (["/Opened"], [1, 4]),
    (["/Opened Closed"], [1, 3, 4]),
    (["red/"], [1, 2, 4]),
    (["red big/"], [2, 4]),
    (["red/Opened"], [1, 4]),
    (["small/", "/Closed"], [1, 3]),
    (["red big/Opened", "small/Moved"], [4]),
    (["absent/"], []),
    (["/"], [1, 2, 3, 4]),
)


class ReadLaws(Laws):
    """What reading promises."""

    async def test_a_stream_is_read_in_ranges_both_ways(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(5)), ToStream("a-2", 0, events(1)))
        for after, upto, limit, backward, versions in _RANGES:
            asked = f"after {after}, up to {upto}, at most {limit}, backward: {backward}"
            read = await store.read_stream("a-1", after=after, upto=upto, backward=backward, limit=limit)
            assert [(e.stream, e.version) for e in read] == [("a-1", version) for version in versions], asked
            if not backward:
                facts = await store.read_facts("a-1", after=after, upto=upto, limit=limit)
                assert [(f[0], f[1], f[2], _bytes(f[3])) for f in facts] == [
                    (e.version, e.type, e.schema_version, e.data) for e in read
                ], asked
        assert await store.head() == 6

    async def test_a_stream_that_does_not_exist_is_empty(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(1)))
        assert list(await store.read_stream("a-2")) == []
        assert list(await store.read_facts("a-2")) == []
        assert len(await store.read_stream("a-1")) == 1

    async def test_the_log_is_read_in_pages_that_say_how_far_they_looked(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(5)))
        pages = await scan(store, limit=2)
        assert [([e.position for e in page.events], page.position) for page in pages] == [
            ([1, 2], 2),
            ([3, 4], 4),
            ([5], 5),
        ]
        page = await store.read_log(after=1, upto=3)
        assert ([e.position for e in page.events], page.position) == ([2, 3], 3)
        page = await store.read_log(after=9)
        assert (list(page.events), page.position) == ([], 9)

    async def test_the_log_is_read_by_all_tags_and_any_type_of_any_item(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, [event("Opened", tags=["red", "small"])]))
        await store.append(ToStream("a-1", 1, [event("Moved", tags=["big", "red"]), event("Closed")]))
        await store.append(ToStream("b-1", 0, [event("Opened", tags=["red", "red", "big"])]))
        for match, found in _MATCHES:
            items = tuple(_item(text) for text in match)
            pages = await scan(store, match=items)
            assert [e.position for page in pages for e in page.events] == found, match
            assert pages[-1].position == 4
            one_by_one = await scan(store, match=items, limit=1)
            assert [e.position for page in one_by_one for e in page.events] == found, match

    async def test_the_log_is_read_by_category(self, store: FullStore) -> None:
        for stream in ("account-1", "accounts-1", "account", "account-ü", "account.x", "acc-1", "account-"):
            await store.append(ToStream(stream, 0, events(1)))
        page = await store.read_log(category="account")
        assert [e.stream for e in page.events] == ["account-1", "account", "account-ü", "account-"]
        assert page.position == 7
        assert list((await store.read_log(category="account-1")).events) == []
        both = await store.read_log(category="account", match=(QueryItem(types=frozenset({"Other"})),))
        assert (list(both.events), both.position) == ([], 7)
        await store.append(ToStream("-1", 0, events(1)))
        assert [e.stream for e in (await store.read_log(category="")).events] == ["-1"]

    async def test_a_category_may_be_as_long_as_a_name(self, store: FullStore) -> None:
        for name in ("x" * MAX_NAME_BYTES, "ü" * (MAX_NAME_BYTES // 2)):
            await store.append(ToStream(name, 0, events(1)))
            assert [e.stream for e in (await store.read_log(category=name)).events] == [name]
            assert [head.stream for head in await store.streams(category=name)] == [name]

    async def test_tags_come_back_sorted_and_once(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, [event(tags=["z", "a", "z"]), event()]))
        assert [e.tags for e in await store.read_stream("a-1")] == [("a", "z"), ()]

    async def test_a_filtered_page_looks_at_a_bounded_part_of_the_log(self, store: FullStore) -> None:
        total = SCAN_POSITIONS + 5
        for n in range(0, total, 5_000):
            await store.append(ToStream("many-1", Expected.ANY, events(min(5_000, total - n))))
        await store.append(ToStream("rare-1", 0, [event("Rare")]))
        first = await store.read_log(category="rare")
        assert (list(first.events), first.position) == ([], SCAN_POSITIONS)
        second = await store.read_log(category="rare", after=first.position)
        assert ([e.type for e in second.events], second.position) == (["Rare"], total + 1)

    async def test_a_range_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        wrong: list[Any] = [None, "1", 1.5, True]
        reads: list[Coroutine[object, object, object]] = [
            store.read_stream("a", after=-1),
            store.read_stream("a", limit=0),
            store.read_facts("a", upto=-1),
            store.read_log(after=-1),
            store.read_log(limit=0),
            *(store.read_stream("a", limit=given) for given in wrong),
            *(store.read_facts("a", after=given) for given in wrong),
            *(store.read_log(upto=given) for given in wrong[1:]),
            *(store.version_at("a", given) for given in wrong[1:]),
            *(store.streams(limit=given) for given in wrong),
        ]
        for bad in reads:
            with pytest.raises(InvalidQuery):
                await bad

    async def test_a_choice_of_events_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        item = QueryItem(tags=frozenset({"red"}))
        no_types: list[Any] = ["red", ("red",), None]
        choices: list[Any] = [item, "red", [None], *([QueryItem(types=given)] for given in no_types)]
        for match in choices:
            with pytest.raises(InvalidQuery):
                await store.read_log(match=match)
        categories: list[Any] = [7, b"a", QueryItem]
        for category in categories:
            with pytest.raises(InvalidQuery):
                await store.read_log(category=category)

    async def test_a_choice_may_name_many_tags_and_no_more(self, store: FullStore) -> None:
        tags = [f"t:{n:03}" for n in range(MAX_QUERY_TAGS)]
        await store.append(ToStream("a-1", 0, [event(tags=tags), event(tags=tags[:-1]), event(tags=tags[1:])]))
        types = {f"T{n}" for n in range(MAX_QUERY_TYPES - 1)} | {"Happened"}
        one = _query(tags=set(tags), types=types)
        async with asyncio.timeout(10):  # which is far more than it takes
            assert [e.version for e in (await store.read_log(match=one)).events] == [1]
            each = tuple(QueryItem(tags=frozenset({tag})) for tag in tags)
            assert [e.version for e in (await store.read_log(match=each)).events] == [1, 2, 3]
        most = QueryItem(types=frozenset(types))
        for match in ((*each, QueryItem()), _query(tags={*tags, "more"}), (most, QueryItem(types=frozenset({"More"})))):
            with pytest.raises(InvalidQuery, match="MAX_QUERY_T"):
                await store.read_log(match=match)

    @pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "x" * 2_000, ""])
    async def test_what_cannot_be_stored_is_not_there(self, store: FullStore, name: str) -> None:
        await store.append(ToStream("a-1", 0, [event(tags=["red"])]))
        assert list(await store.read_stream(name)) == []
        assert list(await store.read_facts(name)) == []
        for items in (_query(tags={name}), _query(types={name}), _query(tags={"red"}, types={name})):
            page = await store.read_log(match=items)
            assert (list(page.events), page.position) == ([], 1)
        assert list((await store.read_log(category=name)).events) == []
        both = await store.read_log(match=(*_query(tags={name}), *_query(tags={"red"})))
        assert [e.position for e in both.events] == [1]

    @pytest.mark.parametrize("huge", [2**31, 2**63, 2**70])
    async def test_a_range_may_be_larger_than_any_log(self, store: FullStore, huge: int) -> None:
        await store.append(ToStream("a-1", 0, events(2)))
        assert len(await store.read_stream("a-1", upto=huge, limit=huge)) == 2
        assert list(await store.read_stream("a-1", after=huge)) == []
        assert len(await store.read_facts("a-1", upto=huge, limit=huge)) == 2
        assert len((await store.read_log(upto=huge, limit=huge)).events) == 2
        assert list((await store.read_log(after=huge)).events) == []


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _query(*, tags: AbstractSet[str] = frozenset(), types: AbstractSet[str] = frozenset()) -> tuple[QueryItem, ...]:
    return (QueryItem(tags=frozenset(tags), types=frozenset(types)),)


def _item(text: str) -> QueryItem:
    tags, _, types = text.partition("/")
    return QueryItem(tags=frozenset(tags.split()), types=frozenset(types.split()))

"""Laws of listing: streams come in order, by category, as of a position, and never by halves."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidQuery
from leftfold.ids import new_id
from leftfold.store.events import Expected, ToStream
from leftfold.testing.conformance.histories import history_of, newest_of, renumbered
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, events, heads_of, log_of

__all__ = ["ListingLaws"]

_NAMES = (
    "a",
    "a-1",
    "a-1-2",
    "A-1",
    "a.x",
    "a+1",
    "Ω-1",
    "é-1",
    "e\u0301-1",
    "订单-七",
    "\ufffd-1",
    "🚀-1",
    "-",
    "~-~",
)


class ListingLaws(Laws):
    """What listing streams promises."""

    @pytest.mark.parametrize("limit", [1, 2, 3, 13, 14, 15, 500])
    async def test_streams_come_in_pages_in_the_order_of_their_code_points(self, store: FullStore, limit: int) -> None:
        for n, name in enumerate(_NAMES):
            await store.append(ToStream(name, 0, [event(tags=[f"b{n}", "~", "a-1-1"]) for _ in range(n % 3 + 1)]))
        expected = newest_of(await log_of(store))
        assert [(head.stream, head.version) for head in expected] == [
            (name, _NAMES.index(name) % 3 + 1) for name in sorted(_NAMES)
        ]
        assert await heads_of(store, limit=limit) == expected
        assert list(await store.streams(limit=limit)) == expected[:limit]
        for after in (*_NAMES, "", "a-", "a-1-1", "a-2", "\ue000", "🚀", "\U0010ffff"):
            page = await store.streams(after=after, limit=limit)
            assert list(page) == [head for head in expected if head.stream > after][:limit], after

    async def test_streams_are_listed_by_category(self, store: FullStore) -> None:
        names = ("account", "account-", "account-1", "account-a-b", "account-ü", "account!", "account+1", "account.x")
        others = ("account_x-1", "accounts-1", "acc-1", "Account-1", "a", "-x", "-", "b-account-1")
        for name in (*names, *others):
            await store.append(ToStream(name, 0, events(2)))
        heads = newest_of(await log_of(store))
        assert [(head.stream, head.version) for head in heads] == [(name, 2) for name in sorted((*names, *others))]
        for category in ("account", "account_x", "account!", "accounts", "a", "A", "", "b", "account-", "account-1"):
            wanted = [head for head in heads if head.stream.partition("-")[0] == category]
            for limit in (1, 2, 500):
                assert await heads_of(store, category=category, limit=limit) == wanted, category
            for after in ("a", "account", "account,", "account-", "account-1", "account-zz", "account/", "z"):
                page = await store.streams(category=category, after=after)
                assert list(page) == [head for head in wanted if head.stream > after], (category, after)

    async def test_streams_up_to_a_position_are_those_there_were_as_they_were_then(self, store: FullStore) -> None:
        log = history_of((1,) * 30, streams=("c-1", "a-1", "b-1", "a-1", "a-2", "b", "c-1"))
        log = [each for each in log if each.position <= 12 or each.stream not in {"a-2", "b"}]
        log = renumbered(
            [*log, *(replace(log[0], id=new_id(), stream=f"a-{n}", recorded_at=log[-1].recorded_at) for n in (0, 3))]
        )
        await store.restore(log)
        for upto in range(len(log) + 2):
            for limit in (1, 3, 500):
                assert await heads_of(store, upto=upto, limit=limit) == newest_of(log[:upto]), upto
            wanted = [head for head in newest_of(log[:upto]) if head.stream.startswith("a-")]
            assert await heads_of(store, category="a", upto=upto, limit=2) == wanted, upto

    async def test_streams_are_asked_for_with_any_bound_and_any_name(self, store: FullStore) -> None:
        for name in ("a-1", "a-\ud7ff", "a-\ue000", "a-\U00010000"):
            await store.append(ToStream(name, 0, events(1)))
        for huge in (2**31, 2**63, 2**70):
            assert [head.stream for head in await store.streams(upto=huge, limit=huge)] == [
                "a-1",
                "a-\ud7ff",
                "a-\ue000",
                "a-\U00010000",
            ]
        for name in ("a\x00b", "a\ud800b", "x" * 2_000):
            assert list(await store.streams(category=name)) == []
        for after, count in (("a-\ud800", 2), ("a-\udfff-\x00", 2), ("a-1\x00", 3), ("a-\x00", 4), ("a-1" * 999, 3)):
            assert len(await store.streams(after=after)) == count, ascii(after)

    async def test_a_listing_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        for bad in (store.streams(upto=-1), store.streams(limit=0)):
            with pytest.raises(InvalidQuery):
                await bad

    async def test_pages_of_streams_never_show_half_of_an_append_that_is_on_its_way(
        self, store: FullStore, opener: Opener
    ) -> None:
        other = await opener()

        async def write(writer: FullStore, number: int) -> None:
            for _ in range(6):
                pair = [ToStream(f"{side}-{number}", Expected.ANY, events(2)) for side in "az"]
                await writer.append(*pair, ToStream(f"m-{new_id()}", 0, events(1)))

        writing = asyncio.gather(*(write((store, other)[n % 2], n) for n in range(6)))
        try:
            looks = 0
            while looks < 3 or not writing.done():
                looks += 1
                whole = {head.stream: head.version for head in await store.streams()}
                cut = await store.head()
                paged = {head.stream: head.version for head in await heads_of(store, upto=cut, limit=4)}
                assert sum(paged.values()) == cut
                for seen in (whole, paged):
                    assert all(seen.get(f"a-{n}") == seen.get(f"z-{n}") for n in range(6)), seen
                await asyncio.sleep(0)
        finally:
            await writing
            await other.close()
        assert len(await heads_of(store)) == 6 * 2 + 6 * 6

"""Laws of append conditions over tags: exact, with unconditional appends alongside."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from leftfold.errors import ConditionFailed, InvalidQuery, InvalidTag
from leftfold.store.events import AppendCondition, Expected, QueryItem, ToStream
from leftfold.store.limits import MAX_QUERY_TAGS
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, log_of, opened

__all__ = ["ConditionLaws"]

_SEAT = QueryItem(tags=frozenset({"seat:1"}))
_NO_TAGS: list[Any] = ["seat:1", ("seat:1",), None]
_NO_ITEMS: list[Any] = [_SEAT, "seat", [None], *([QueryItem(tags=given)] for given in _NO_TAGS)]
_NO_POSITIONS: list[Any] = ["0", None, 1.5, True]
_WRONG: list[Any] = [
    (_SEAT,),
    *(AppendCondition(none_of=given) for given in _NO_ITEMS),
    *(AppendCondition(none_of=(_SEAT,), after=given) for given in _NO_POSITIONS),
]


class ConditionLaws(Laws):
    """What an append condition promises.

    Source: the dynamic consistency boundary specification, dcb.events.
    """

    @pytest.mark.parametrize(
        ("tags", "types", "after", "accepted"),
        [
            ("seat:1", "", 0, False),
            ("seat:1", "", 1, False),
            ("seat:1", "", 2, True),
            ("seat:2", "", 0, True),
            ("seat:1 hall:a", "", 0, False),
            ("seat:1 hall:b", "", 0, True),
            ("seat:1", "Freed", 0, True),
            ("seat:1", "Freed Booked", 0, False),
            ("", "Booked", 1, False),
            ("", "Booked", 2, True),
            ("", "", 2, False),
            ("", "", 3, True),
        ],
    )
    async def test_an_append_is_refused_if_and_only_if_a_newer_event_matches(
        self, store: FullStore, tags: str, types: str, after: int, accepted: bool
    ) -> None:
        await store.append(ToStream("h-1", 0, [event("Opened")]))
        await store.append(ToStream("h-1", 1, [event("Booked", tags=["hall:a", "seat:1"]), event("Noted")]))
        item = QueryItem(tags=frozenset(tags.split()), types=frozenset(types.split()))
        attempt = store.append(
            ToStream("h-1", Expected.ANY, [event("Booked")]), condition=AppendCondition(none_of=(item,), after=after)
        )
        if accepted:
            assert (await attempt).position == 4
        else:
            with pytest.raises(ConditionFailed) as refusal:
                await attempt
            assert refusal.value.position == after
            assert await store.head() == 3

    async def test_any_item_that_matches_refuses(self, store: FullStore) -> None:
        await store.append(ToStream("h-1", 0, [event("Booked", tags=["seat:1"])]))
        condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:9"})), _SEAT))
        with pytest.raises(ConditionFailed):
            await store.append(ToStream("h-1", 1, [event()]), condition=condition)
        assert await store.head() == 1

    async def test_of_many_at_once_exactly_one_books_the_seat(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            attempts = [
                (store, other)[n % 2].append(
                    ToStream(f"h-{n}", 0, [event("Booked", tags=["seat:1", f"n:{n}"])]),
                    condition=AppendCondition(none_of=(_SEAT,)),
                )
                for n in range(20)
            ]
            outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert len(await log_of(store)) == 1
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert len(refused) == 19
        assert {type(outcome) for outcome in refused} == {ConditionFailed}

    async def test_an_unconditional_append_that_arrives_first_is_seen_by_the_condition(self, store: FullStore) -> None:
        plain = store.append(ToStream("h-1", 0, [event("Booked", tags=["seat:1"])]))
        conditional = store.append(
            ToStream("h-2", 0, [event("Booked", tags=["seat:1"])]), condition=AppendCondition(none_of=(_SEAT,))
        )
        first, second = await asyncio.gather(plain, conditional, return_exceptions=True)
        assert not isinstance(first, BaseException)
        assert isinstance(second, ConditionFailed)
        assert await store.head() == 1

    async def test_a_condition_may_look_beyond_any_log(self, store: FullStore) -> None:
        await store.append(ToStream("h-1", 0, [event("Booked", tags=["seat:1"])]))
        condition = AppendCondition(none_of=(_SEAT,), after=2**70)
        assert (await store.append(ToStream("h-1", 1, [event()]), condition=condition)).position == 2

    async def test_a_condition_may_name_many_tags_and_no_more(self, store: FullStore) -> None:
        tags = [f"t:{n:03}" for n in range(MAX_QUERY_TAGS)]
        await store.append(ToStream("h-1", 0, [event("Booked", tags=tags)]))
        for items, error in (
            ([QueryItem(tags=frozenset(tags))], ConditionFailed),
            ([QueryItem(tags=frozenset({tag})) for tag in tags], ConditionFailed),
            ([QueryItem(tags=frozenset({*tags, "more"}))], InvalidQuery),
            ([QueryItem(tags=frozenset({tag})) for tag in (*tags, "more")], InvalidQuery),
        ):
            condition = AppendCondition(none_of=tuple(items))
            with pytest.raises(error):
                await store.append(ToStream("h-2", 0, [event()]), condition=condition)

    async def test_a_condition_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        for condition, error in (
            (AppendCondition(none_of=()), InvalidQuery),
            (AppendCondition(none_of=(_SEAT,), after=-1), InvalidQuery),
            (AppendCondition(none_of=(QueryItem(tags=frozenset({""})),)), InvalidTag),
            (AppendCondition(none_of=(QueryItem(types=frozenset({"\ud800"})),)), InvalidQuery),
            *((condition, InvalidQuery) for condition in _WRONG),
        ):
            beside = asyncio.ensure_future(store.append(ToStream("i-1", Expected.ANY, [event()])))
            with pytest.raises(error):
                await store.append(ToStream("h-1", 0, [event()]), condition=condition)
            await beside
        assert await store.read_stream("h-1") == []

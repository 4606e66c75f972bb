"""Laws of repeating: the same ids store nothing and return the first result; other events are an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from leftfold.errors import Conflict, IdReused
from leftfold.store.events import AppendCondition, Expected, NewEvent, QueryItem, ToStream
from leftfold.testing.conformance.stores import FullStore, Laws, event, events, log_of, shown_alike

__all__ = ["RepeatLaws"]


class RepeatLaws(Laws):
    """What repeating an append promises."""

    async def test_repeating_an_append_stores_nothing_and_returns_the_first_result(self, store: FullStore) -> None:
        batch = events(2)
        first = await store.append(ToStream("a-1", 0, batch))
        await store.append(ToStream("a-1", 2, events(1)))
        again = await store.append(ToStream("a-1", 0, batch))
        assert again == replace(first, repeated=True)
        assert await store.head() == 3

    async def test_the_id_is_looked_up_before_the_version_and_the_condition(self, store: FullStore) -> None:
        batch = [event("Taken", tags=["seat:1"])]
        condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))
        await store.append(ToStream("a-1", Expected.NO_STREAM, batch), condition=condition)
        again = await store.append(ToStream("a-1", Expected.NO_STREAM, batch), condition=condition)
        assert (again.repeated, again.position, await store.head()) == (True, 1, 1)

    async def test_an_append_to_several_streams_is_repeated_as_a_whole(self, store: FullStore) -> None:
        parts = [ToStream("a-1", 0, events(2)), ToStream("b-1", 0, events(1))]
        first = await store.append(*parts)
        assert await store.append(*parts) == replace(first, repeated=True)
        assert await store.head() == 3

    async def test_an_append_of_the_hour_that_a_clock_shows_twice_is_repeated_too(self, store: FullStore) -> None:
        part = ToStream("a-1", 0, shown_alike())
        first = await store.append(part)
        assert await store.append(part) == replace(first, repeated=True)

    async def test_a_refused_append_may_be_sent_again_with_the_same_ids(self, store: FullStore) -> None:
        batch = events(1)
        with pytest.raises(Conflict):
            await store.append(ToStream("a-1", 4, batch))
        assert (await store.append(ToStream("a-1", 0, batch))).repeated is False

    @pytest.mark.parametrize(
        "altered", ["payload", "type", "schema-version", "valid-time", "tags", "longer", "not-first"]
    )
    async def test_the_same_id_with_other_events_is_an_error(self, store: FullStore, altered: str) -> None:
        first = event()
        await store.append(ToStream("a-1", 0, [first]))
        with pytest.raises(IdReused) as refusal:
            await store.append(ToStream("a-1", Expected.ANY, _altered(first, altered)))
        assert (refusal.value.id, refusal.value.stream, refusal.value.version) == (first.id, "a-1", 1)
        assert await store.head() == 1

    async def test_the_same_id_in_another_stream_is_an_error(self, store: FullStore) -> None:
        batch = events(1)
        await store.append(ToStream("a-1", 0, batch))
        with pytest.raises(IdReused):
            await store.append(ToStream("b-1", 0, batch))
        with pytest.raises(IdReused):
            await store.append(ToStream("b-1", 0, events(1)), ToStream("c-1", 0, batch))
        assert [e.stream for e in await log_of(store)] == ["a-1"]

    async def test_the_beginning_of_an_append_is_a_repetition_up_to_where_it_ends(self, store: FullStore) -> None:
        batch = events(3)
        await store.append(ToStream("a-1", 0, batch))
        again = await store.append(ToStream("a-1", 0, batch[:2]))
        assert (again.repeated, again.position, again.versions) == (True, 2, {"a-1": 2})
        assert await store.head() == 3

    async def test_ids_in_the_wrong_order_are_an_error(self, store: FullStore) -> None:
        batch = events(2)
        await store.append(ToStream("a-1", 0, batch))
        with pytest.raises(IdReused):
            await store.append(ToStream("a-1", 0, batch[::-1]))
        assert await store.head() == 2


def _altered(first: NewEvent, how: str) -> list[NewEvent]:
    match how:
        case "payload":
            return [replace(first, data=b'{"n":2}')]
        case "type":
            return [replace(first, type="Other")]
        case "schema-version":
            return [replace(first, schema_version=2)]
        case "valid-time":
            return [replace(first, occurred_at=datetime(1993, 1, 1, tzinfo=UTC))]
        case "tags":
            return [replace(first, tags=("other",))]
        case "longer":
            return [first, event()]
        case _:
            return [event(), first]

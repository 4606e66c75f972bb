"""Laws of appending: all or nothing, versions without gaps, expected versions, several streams."""

from __future__ import annotations

import pytest

from leftfold.errors import Conflict
from leftfold.store.events import Expected, ExpectedVersion, ToStream
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, events, log_of, opened

__all__ = ["AppendLaws"]


class AppendLaws(Laws):
    """What appending promises."""

    async def test_versions_and_positions_start_at_1_and_have_no_gaps(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(2)))
        await store.append(ToStream("b-1", 0, events(1)))
        appended = await store.append(ToStream("a-1", 2, events(2)))
        assert (appended.position, appended.versions, appended.repeated) == (5, {"a-1": 4}, False)
        assert [(e.position, e.stream, e.version) for e in await log_of(store)] == [
            (1, "a-1", 1),
            (2, "a-1", 2),
            (3, "b-1", 1),
            (4, "a-1", 3),
            (5, "a-1", 4),
        ]

    @pytest.mark.parametrize(
        ("expected", "actual", "accepted"),
        [
            (0, 0, True),
            (0, 2, False),
            (1, 0, False),
            (1, 2, False),
            (2, 2, True),
            (3, 2, False),
            (Expected.NO_STREAM, 0, True),
            (Expected.NO_STREAM, 2, False),
            (Expected.STREAM_EXISTS, 0, False),
            (Expected.STREAM_EXISTS, 2, True),
            (Expected.ANY, 0, True),
            (Expected.ANY, 2, True),
        ],
    )
    async def test_an_append_is_accepted_only_at_its_expected_version(
        self, store: FullStore, expected: ExpectedVersion, actual: int, accepted: bool
    ) -> None:
        if actual:
            await store.append(ToStream("a-1", Expected.ANY, events(actual)))
        attempt = store.append(ToStream("a-1", expected, events(1)))
        if accepted:
            assert (await attempt).versions == {"a-1": actual + 1}
        else:
            with pytest.raises(Conflict) as refusal:
                await attempt
            assert (refusal.value.stream, refusal.value.actual) == ("a-1", actual)
        assert await store.head() == actual + accepted

    async def test_a_conflict_names_stream_expected_and_actual_and_stores_nothing(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(3)))
        with pytest.raises(Conflict) as refusal:
            await store.append(ToStream("a-1", 0, events(5)))
        assert (refusal.value.stream, refusal.value.expected, refusal.value.actual) == ("a-1", 0, 3)
        assert await store.head() == 3

    async def test_several_streams_are_appended_together(self, store: FullStore) -> None:
        await store.append(ToStream("b-1", 0, events(1)))
        appended = await store.append(
            ToStream("a-1", 0, [event("Out")]), ToStream("b-1", 1, [event("In"), event("Noted")])
        )
        assert (appended.position, appended.versions) == (4, {"a-1": 1, "b-1": 3})
        log = await log_of(store)
        assert [e.type for e in log] == ["Happened", "Out", "In", "Noted"]
        assert len({e.recorded_at for e in log[1:]}) == 1

    async def test_one_stale_stream_of_several_stores_nothing_of_any(self, store: FullStore) -> None:
        await store.append(ToStream("b-1", 0, events(1)))
        with pytest.raises(Conflict) as refusal:
            await store.append(ToStream("a-1", 0, events(2)), ToStream("b-1", 0, events(1)))
        assert refusal.value.stream == "b-1"
        assert await store.head() == 1
        assert await store.read_stream("a-1") == []
        assert (await store.append(ToStream("a-1", 0, events(1)))).versions == {"a-1": 1}

    async def test_recorded_time_has_a_zone_and_never_runs_backwards(self, store: FullStore) -> None:
        results = [await store.append(ToStream("a-1", n, events(1))) for n in range(5)]
        log = await log_of(store)
        times = [e.recorded_at for e in log]
        assert times == sorted(times)
        assert times == [r.recorded_at for r in results]
        assert all(time.utcoffset() is not None for time in times)

    async def test_what_was_appended_is_there_for_whoever_opens_the_store_again(
        self, store: FullStore, opener: Opener
    ) -> None:
        await store.append(ToStream("a-1", 0, events(3)))
        async with opened(opener) as other:
            assert await log_of(other) == await log_of(store)
            assert (await other.append(ToStream("a-1", 3, events(1)))).position == 4
            assert (await store.append(ToStream("a-1", 4, events(1)))).position == 5

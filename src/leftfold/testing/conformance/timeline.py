"""Laws of moments: one moment is one position, one position cuts all streams, and a valid time cuts one stream."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidQuery
from leftfold.store.events import Expected, ToStream
from leftfold.testing.conformance.histories import BEGUN, history_of, newest_of
from leftfold.testing.conformance.stores import FullStore, Laws, event, events, heads_of, log_of

__all__ = ["TimelineLaws"]

_TICK = timedelta(microseconds=1)
_GROUPS = (1, 3, 1, 1, 4, 2, 1, 5, 1)


class TimelineLaws(Laws):
    """What moments promise."""

    async def test_a_moment_is_the_position_of_the_last_event_recorded_by_then(self, store: FullStore) -> None:
        assert await store.position_at(BEGUN) == 0
        log = history_of(_GROUPS)
        assert await store.restore(log) == len(log)
        for moment in sorted({each.recorded_at for each in log}):
            for asked in (moment - _TICK, moment, moment + _TICK, moment + timedelta(milliseconds=500)):
                expected = sum(each.recorded_at <= asked for each in log)
                assert await store.position_at(asked) == expected, asked

    async def test_events_recorded_at_one_time_are_on_one_side_of_every_moment(self, store: FullStore) -> None:
        first = await store.append(ToStream("a-1", 0, events(3)), ToStream("b-1", 0, events(2)))
        assert await store.position_at(first.recorded_at) == 5
        assert await store.position_at(first.recorded_at - _TICK) == 0
        for _ in range(3):
            await store.append(ToStream("a-1", Expected.ANY, events(2)), ToStream("c-1", Expected.ANY, events(1)))
        log = await log_of(store)
        for moment in {each.recorded_at for each in log}:
            cut = await store.position_at(moment)
            assert [each.recorded_at <= moment for each in log] == [each.position <= cut for each in log]

    async def test_a_moment_may_be_told_in_any_zone_and_may_be_any_time_there_is(self, store: FullStore) -> None:
        await store.restore(history_of((2, 1)))
        for hours in (-12, -5, 5.5, 14):
            zone = timezone(timedelta(hours=hours))
            assert await store.position_at(BEGUN.astimezone(zone)) == 2
            assert await store.position_at((BEGUN - _TICK).astimezone(zone)) == 0
            assert await store.position_at(datetime.max.replace(tzinfo=zone)) == 3
            assert await store.position_at(datetime.min.replace(tzinfo=zone)) == 0

    async def test_a_time_without_a_zone_is_refused(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(1)))
        with pytest.raises(InvalidQuery, match="zone"):
            await store.position_at(datetime(2026, 1, 1))  # noqa: DTZ001 - the missing zone is the point
        with pytest.raises(InvalidQuery, match="zone"):
            await store.read_facts("a-1", valid=datetime(2026, 1, 1))  # noqa: DTZ001 - likewise

    async def test_a_moment_that_something_was_recorded_after_is_final(self, store: FullStore) -> None:
        log = history_of(_GROUPS)
        await store.restore(log[:-1])
        moments = [each.recorded_at for each in log if each.recorded_at < log[-2].recorded_at]
        known = [await store.position_at(moment) for moment in moments]
        await store.restore(log)
        await store.append(ToStream("a-1", Expected.ANY, events(5)))
        assert known[0] == 1
        assert [await store.position_at(moment) for moment in moments] == known

    async def test_a_position_says_which_version_each_stream_had(self, store: FullStore) -> None:
        log = history_of((1,) * 40, streams=("a-1", "a-1", "b-1", "a-1", "c"))
        await store.restore(log)
        for position in range(len(log) + 2):
            for stream in ("a-1", "b-1", "c", "d-1"):
                expected = sum(each.stream == stream for each in log[:position])
                assert await store.version_at(stream, position) == expected, (stream, position)

    async def test_a_version_is_asked_for_any_position_and_any_name(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(3)))
        for huge in (2**31, 2**63, 2**70):
            assert await store.version_at("a-1", huge) == 3
        for name in ("a\x00b", "a\ud800b", "x" * 2_000, ""):
            assert await store.version_at(name, 3) == 0
        with pytest.raises(InvalidQuery):
            await store.version_at("a-1", -1)

    async def test_a_moment_cuts_all_streams_consistently(self, store: FullStore) -> None:
        log = history_of(_GROUPS, streams=("a-1", "b-1", "a-2", "a-1", "ü-9"))
        await store.restore(log)
        for moment in sorted({each.recorded_at for each in log}):
            cut = await store.position_at(moment)
            heads = await heads_of(store, upto=cut, limit=2)
            assert heads == newest_of(each for each in log if each.recorded_at <= moment)
            for head in heads:
                assert await store.version_at(head.stream, cut) == head.version

    async def test_facts_are_read_as_of_a_valid_time_in_version_order(self, store: FullStore) -> None:
        happened = (3, 1, 2, 2, 9, 0, -40, 2)
        log = [
            replace(kept, occurred_at=BEGUN + timedelta(days=day))
            for kept, day in zip(history_of((1,) * 8, streams=("a-1",)), happened, strict=True)
        ]
        await store.restore(log)
        days = timedelta(days=1)
        zone = timezone(timedelta(hours=5, minutes=30))
        for asked in (BEGUN + 2 * days, BEGUN + 2 * days - _TICK, BEGUN - 40 * days, BEGUN - 41 * days):
            for valid in (asked, asked.astimezone(zone)):
                for after, upto, limit in ((0, None, 500), (1, None, 500), (2, 6, 500), (0, None, 2), (3, 8, 1)):
                    wanted = [e.version for e in log[after:upto] if e.occurred_at <= asked][:limit]
                    facts = await store.read_facts("a-1", after=after, upto=upto, valid=valid, limit=limit)
                    assert [fact[0] for fact in facts] == wanted
        for valid in (datetime.max.replace(tzinfo=zone), datetime.max.replace(tzinfo=timezone(-5 * days / 24))):
            assert len(await store.read_facts("a-1", valid=valid)) == 8
        for valid in (datetime.min.replace(tzinfo=zone), datetime.min.replace(tzinfo=timezone(-5 * days / 24))):
            assert list(await store.read_facts("a-1", valid=valid)) == []

    async def test_an_event_that_says_no_valid_time_happened_when_it_was_recorded(self, store: FullStore) -> None:
        early = replace(event(), occurred_at=BEGUN)
        appended = await store.append(ToStream("a-1", 0, [event(), early, event()]))
        recorded = appended.recorded_at
        for valid, versions in ((recorded, [1, 2, 3]), (recorded - _TICK, [2]), (BEGUN, [2]), (BEGUN - _TICK, [])):
            assert [fact[0] for fact in await store.read_facts("a-1", valid=valid)] == versions

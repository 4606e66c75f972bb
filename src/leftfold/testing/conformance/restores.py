"""Laws of restoring: a log is taken over with its positions and times, and repeating that changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from leftfold.errors import IdReused, InvalidInput, RestoreMismatch
from leftfold.ids import new_id
from leftfold.store.events import AppendCondition, NewEvent, QueryItem, StoredEvent, ToStream
from leftfold.testing.conformance.stores import FullStore, Laws, events, log_of

__all__ = ["RestoreLaws"]

_BEGUN = datetime(1993, 1, 1, tzinfo=UTC)


def _history(count: int) -> list[StoredEvent]:
    return [
        StoredEvent(
            position=n,
            stream=f"a-{n % 2}",
            version=(n + 1) // 2,
            id=new_id(),
            type="Kept",
            schema_version=2,
            data=b'{"n":%d}' % n,
            metadata=b'{"actor":"B"}',
            occurred_at=_BEGUN + timedelta(hours=n),
            recorded_at=_BEGUN + timedelta(days=n),
            tags=("even",) if n % 2 == 0 else (),
        )
        for n in range(1, count + 1)
    ]


class RestoreLaws(Laws):
    """What taking over a log promises."""

    async def test_a_log_is_restored_with_its_positions_and_times(self, store: FullStore) -> None:
        history = _history(6)
        assert await store.restore(history) == 6
        assert await log_of(store) == history
        assert [e.position for e in (await store.read_log(match=(QueryItem(tags=frozenset({"even"})),))).events] == [
            2,
            4,
            6,
        ]

    async def test_the_first_and_the_last_moment_there_is_are_restored(self, store: FullStore) -> None:
        ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
        history = [replace(one, occurred_at=at, recorded_at=at) for one, at in zip(_history(2), ends, strict=True)]
        assert [await store.restore(history) for _ in range(2)] == [2, 0]
        restored = await log_of(store)
        assert restored == history
        assert {at.utcoffset() for one in restored for at in (one.occurred_at, one.recorded_at)} == {timedelta(0)}

    @pytest.mark.parametrize("of", ["occurred_at", "recorded_at"])
    @pytest.mark.parametrize(
        "moment",
        [
            datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
            datetime(2026, 1, 1),  # noqa: DTZ001 - the missing zone is the point
        ],
        ids=["before year 1", "after year 9999", "no zone"],
    )
    async def test_a_moment_that_no_store_could_give_back_is_refused(
        self, store: FullStore, of: str, moment: datetime
    ) -> None:
        history = [replace(one, **{of: moment}) for one in _history(1)]
        with pytest.raises(InvalidInput):
            await store.restore(history)
        assert await store.head() == 0

    async def test_repeating_and_continuing_a_restore_stores_only_what_is_missing(self, store: FullStore) -> None:
        history = _history(6)
        assert [await store.restore(part) for part in (history[:2], history[:4], history[4:], history)] == [2, 2, 2, 0]
        assert await log_of(store) == history

    async def test_what_several_restore_at_the_same_time_is_stored_once(self, store: FullStore) -> None:
        history = _history(80)
        for start in range(0, 80, 4):
            part = history[start : start + 4]
            assert sum(await asyncio.gather(*(store.restore(part) for _ in range(4)))) == 4
        assert await log_of(store) == history

    async def test_appends_go_on_where_the_restored_log_ends(self, store: FullStore) -> None:
        history = _history(4)
        await store.restore(history)
        appended = await store.append(ToStream("a-1", 2, events(1)))
        assert (appended.position, appended.versions) == (5, {"a-1": 3})
        again = NewEvent(id=history[0].id, type="Kept", schema_version=2, data=history[0].data)
        assert (await store.append(ToStream("a-1", 0, [again]))).repeated is True
        with pytest.raises(IdReused):
            await store.append(ToStream("b-1", 0, [again]))
        assert await store.head() == 5
        condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"even"})),), after=4)
        assert (await store.append(ToStream("a-1", 3, events(1)), condition=condition)).position == 6

    @pytest.mark.parametrize(
        "altered", ["other-id", "other-payload", "gap-in-log", "gap-in-stream", "time-runs-back", "starts-later"]
    )
    async def test_a_log_that_does_not_continue_this_one_is_refused_whole(self, store: FullStore, altered: str) -> None:
        history = _history(4)
        await store.restore(history[:2])
        with pytest.raises(RestoreMismatch):
            await store.restore(_altered(history, altered))
        assert await log_of(store) == history[:2]


def _altered(log: list[StoredEvent], how: str) -> list[StoredEvent]:
    match how:
        case "other-id":
            return [replace(log[0], id=new_id()), *log[1:]]
        case "other-payload":
            return [replace(log[0], data=b"{}"), *log[1:]]
        case "gap-in-log":
            return [*log[:3], replace(log[3], position=5)]
        case "gap-in-stream":
            return [*log[:3], replace(log[3], version=3)]
        case "time-runs-back":
            return [*log[:3], replace(log[3], recorded_at=_BEGUN)]
        case _:
            return log[3:]

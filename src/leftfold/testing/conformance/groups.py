"""Laws of group commit: appends that arrive together get one verdict each."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.errors import Conflict, InvalidPayload
from leftfold.store.events import Appended, Expected, QueryItem, ToStream
from leftfold.store.limits import BATCH_EVENTS
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, events, log_of, opened

__all__ = ["GroupLaws"]


class GroupLaws(Laws):
    """What appends that arrive together promise one another."""

    async def test_of_many_writers_with_one_expected_version_exactly_one_wins(
        self, store: FullStore, opener: Opener
    ) -> None:
        async with opened(opener) as other:
            for version in range(3):
                outcomes = await asyncio.gather(
                    *((store, other)[n % 2].append(ToStream("a-1", version, events(1))) for n in range(24)),
                    return_exceptions=True,
                )
                won = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
                lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
                assert (len(won), len(lost)) == (1, 23)
                assert won[0].versions == {"a-1": version + 1}
                assert {(conflict.expected, conflict.actual) for conflict in lost} == {(version, version + 1)}
        assert [e.version for e in await log_of(store)] == [1, 2, 3]

    async def test_each_append_of_a_group_gets_its_own_verdict(self, store: FullStore) -> None:
        twice = events(1)
        outcomes = await asyncio.gather(
            store.append(ToStream("a-1", 0, events(2))),
            store.append(ToStream("a-1", 0, events(1))),
            store.append(ToStream("a-1", 2, events(1))),
            store.append(ToStream("b-1", 0, twice)),
            store.append(ToStream("b-1", 0, twice)),
            store.append(ToStream("c-1", Expected.STREAM_EXISTS, events(1))),
            store.append(ToStream("c-1", 0, [event(data=b"{")])),
            store.append(ToStream("c-1", 0, events(1)), ToStream("b-1", 1, events(1))),
            return_exceptions=True,
        )
        assert [type(outcome).__name__ for outcome in outcomes] == [
            "Appended",
            "Conflict",
            "Appended",
            "Appended",
            "Appended",
            "Conflict",
            "InvalidPayload",
            "Appended",
        ]
        assert [o.repeated for o in outcomes if isinstance(o, Appended)] == [False, False, False, True, False]
        assert sorted((e.stream, e.version) for e in await log_of(store)) == [
            ("a-1", 1),
            ("a-1", 2),
            ("a-1", 3),
            ("b-1", 1),
            ("b-1", 2),
            ("c-1", 1),
        ]

    async def test_of_a_group_each_conflict_tells_the_version_that_its_stream_has_by_then(
        self, store: FullStore
    ) -> None:
        await store.append(ToStream("a-1", 0, events(3)), ToStream("d-1", 0, events(2)))
        wanted = (
            ("d-1", 9),
            ("a-1", 7),
            ("a-1", 1),
            ("b-1", 2),
            ("a-1", 3),
            ("a-1", 3),
            ("a-1", 2**31 - 1),
            ("a-1", 0),
        )
        outcomes = await asyncio.gather(
            *(store.append(ToStream(stream, expected, events(1))) for stream, expected in wanted),
            store.append(ToStream("c-1", 9, events(1)), ToStream("a-1", 4, events(1))),
            store.append(ToStream("a-1", Expected.ANY, events(1))),
            return_exceptions=True,
        )
        told = [(one.stream, one.actual) if isinstance(one, Conflict) else type(one).__name__ for one in outcomes]
        assert told == [
            *(("d-1", 2), ("a-1", 3), ("a-1", 3), ("b-1", 0), "Appended", ("a-1", 4), ("a-1", 4), ("a-1", 4)),
            *(("c-1", 0), "Appended"),
        ]
        assert [one.version for one in await store.read_stream("a-1")] == [1, 2, 3, 4, 5]

    async def test_the_tags_of_what_is_refused_in_a_group_find_nothing(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, events(1)))
        outcomes = await asyncio.gather(
            store.append(ToStream("a-1", 1, [event(tags=("kept",))])),
            store.append(ToStream("a-1", 1, [event(tags=("refused",))])),
            store.append(ToStream("b-1", 0, [event(tags=("kept",))])),
            return_exceptions=True,
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["Appended", "Conflict", "Appended"]
        found = {tag: await store.read_log(match=(QueryItem(tags=frozenset({tag})),)) for tag in ("kept", "refused")}
        assert [one.position for one in found["kept"].events] == [2, 3]
        assert list(found["refused"].events) == []

    async def test_an_id_that_is_stored_already_fails_its_own_append_only(self, store: FullStore) -> None:
        known = event()
        await store.append(ToStream("a-1", 0, [known]))
        outcomes = await asyncio.gather(
            *(store.append(ToStream(f"b-{n}", 0, events(1))) for n in range(15)),
            store.append(ToStream("c-1", 0, [event(), known])),
            *(store.append(ToStream(f"d-{n}", 0, events(1))) for n in range(15)),
            return_exceptions=True,
        )
        names = [type(outcome).__name__ for outcome in outcomes]
        assert names == ["Appended"] * 15 + ["IdReused"] + ["Appended"] * 15
        log = await log_of(store)
        assert [e.position for e in log] == list(range(1, 32))
        assert len({e.stream for e in log}) == 31

    async def test_more_than_a_batch_at_once_is_stored_without_gaps(self, store: FullStore) -> None:
        outcomes = await asyncio.gather(
            *(store.append(ToStream(f"a-{n}", 0, events(3))) for n in range(BATCH_EVENTS)),
            store.append(ToStream("large-1", 0, events(BATCH_EVENTS * 2))),
        )
        log = await log_of(store)
        assert [e.position for e in log] == list(range(1, BATCH_EVENTS * 5 + 1))
        by_position = {e.position: e for e in log}
        for outcome in outcomes:
            [(stream, version)] = outcome.versions.items()
            last = by_position[outcome.position]
            assert (last.stream, last.version, last.recorded_at) == (stream, version, outcome.recorded_at)
            first = by_position[outcome.position - version + 1]
            assert (first.stream, first.version) == (stream, 1)

    async def test_a_caller_that_goes_away_does_not_harm_its_neighbours(self, store: FullStore) -> None:
        attempts = [asyncio.ensure_future(store.append(ToStream(f"a-{n}", 0, events(1)))) for n in range(20)]
        await asyncio.sleep(0)
        for attempt in attempts[::2]:
            attempt.cancel()
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert all(isinstance(outcome, Appended) for outcome in outcomes[1::2])
        await store.append(ToStream("last-1", 0, events(1)))
        log = await log_of(store)
        assert [e.position for e in log] == list(range(1, len(log) + 1))
        assert {f"a-{n}" for n in range(1, 20, 2)} <= {e.stream for e in log}

    async def test_a_refused_payload_leaves_the_stream_as_it_was(self, store: FullStore) -> None:
        with pytest.raises(InvalidPayload):
            await store.append(ToStream("a-1", 0, [event(), event(data=b"[")]))
        assert (await store.append(ToStream("a-1", 0, events(1)))).position == 1

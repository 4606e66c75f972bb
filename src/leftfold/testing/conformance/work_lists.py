"""Laws of looking at work, and of work that makes no sense."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidInput, InvalidPayload, InvalidQuery, StoreClosed, TooLarge
from leftfold.store.limits import MAX_EVENT_BYTES, MAX_NAME_BYTES
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Hold, Wake, WorkWrite
from leftfold.testing.conformance.ledger import counted, write
from leftfold.testing.conformance.stores import NO_LEASES, FullStore, Laws, Opener, opened
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, all_work, begin, begun, ids_of, revise

__all__ = ["WorkListLaws"]

_NAMES = ["b%1", "b_1", "b-1", "B-1", "ä", "🚀", "\ufffd", "b", "a", "\U0010ffff", "\ud7ff", "x" * MAX_NAME_BYTES]
_BEGINNINGS = ["", "b", "b_", "b%", "B", "ä", "🚀", "x", "c", "b-12", "%", "\ufffd", "\U0010ffff", "\ud7ff"]
_UNSTORABLE = ["", "a\x00", "\x00", "\ud800", "x" * (MAX_NAME_BYTES + 1), "ü" * (MAX_NAME_BYTES // 2 + 1)]
_WAKES: list[Wake] = [None, Hold("me", LEASE_S), AT_ONCE]
_BEYOND_UTC = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))


class WorkListLaws(Laws):
    """What looking at work promises."""

    async def test_work_is_found_by_its_ids(self, store: FullStore) -> None:
        for name in _NAMES:
            await begun(store, name, None)
        found = await store.work([*_NAMES, *_NAMES, *_UNSTORABLE, "absent", "A"])
        assert {id: item.id for id, item in found.items()} == {name: name for name in _NAMES}
        assert dict(await store.work([])) == {}
        await write(store, *(begin(f"{n:05}", None) for n in range(1_200)))
        assert len(await store.work([f"{n:05}" for n in range(1_500)])) == 1_200

    async def test_work_is_listed_page_by_page_in_the_order_of_ids(self, store: FullStore) -> None:
        await write(store, *(begin(name, _WAKES[n % 3]) for n, name in enumerate(_NAMES)))
        wanted = sorted(_NAMES)
        assert ids_of(await store.find_work()) == wanted
        for limit in (1, 3, len(_NAMES)):
            found: list[str] = []
            while page := await store.find_work(after=found[-1] if found else "", limit=limit):
                assert len(page) == min(limit, len(wanted) - len(found))
                found += ids_of(page)
            assert found == wanted
        for after in ("b\x00", "b\ud800", "b", "zzz", "\U0010ffff"):
            assert ids_of(await store.find_work(after=after)) == [name for name in wanted if name > after], after

    async def test_work_is_listed_and_counted_by_the_beginning_of_its_queue(self, store: FullStore) -> None:
        await write(store, *(begin(f"{n:02}", _WAKES[n % 3], queue=name) for n, name in enumerate(_NAMES)))
        for beginning in (*_BEGINNINGS, "a\x00", "\ud800"):
            fitting = [name for name in _NAMES if name.startswith(beginning)]
            assert [item.queue for item in await store.find_work(queues=beginning)] == fitting, beginning
            assert await store.count_work(beginning) == {(name, "running"): 1 for name in fitting}, beginning
        ids = [f"{n:02}" for n, name in enumerate(_NAMES) if name.startswith("b")]
        assert ids_of(await store.find_work(queues="b", after=ids[0], limit=2)) == ids[1:3]

    async def test_work_is_listed_and_counted_by_status(self, store: FullStore) -> None:
        statuses = ["running", "done", "Done", "übel"]
        work = [(f"{n:02}", statuses[n % 4], ("q:1", "q:2")[n % 3 == 0]) for n in range(30)]
        wakes = (_WAKES[n // 4 % 3] for n in range(30))
        await write(store, *(begin(id, next(wakes), queue=queue, status=status) for id, status, queue in work))
        for chosen in (["done"], ["done", "übel"], ["absent"], ["\x00", "Done"], ["\ud800"], [*statuses, "done"]):
            listed = ids_of(await store.find_work(statuses=chosen))
            assert listed == [id for id, status, _ in work if status in chosen], chosen
        listed = ids_of(await store.find_work(queues="q:2", statuses=["done", "Done"], after="03", limit=2))
        assert listed == [id for id, status, queue in work if queue == "q:2" and status[1:] == "one" and id > "03"][:2]
        pairs = {(queue, status) for _, status, queue in work}
        assert await store.count_work("q:") == {
            pair: sum((queue, status) == pair for _, status, queue in work) for pair in pairs
        }

    async def test_names_that_cannot_be_kept_are_refused(self, store: FullStore) -> None:
        item = await begun(store, "a", None)
        good = begin("b")
        for bad in _UNSTORABLE:
            for refused in (
                replace(good, id=bad),
                replace(good, queue=bad),
                replace(good, status=bad),
                replace(good, wake=Hold(bad, LEASE_S)),
                replace(revise(item), queue=bad),
                replace(revise(item), status=bad),
                replace(revise(item), wake=Hold(bad, LEASE_S)),
            ):
                await _refused(store, refused, InvalidInput)
        assert await all_work(store) == [item]

    async def test_a_state_that_cannot_be_kept_is_refused(self, store: FullStore) -> None:
        item = await begun(store, "a", None)
        for state in (
            b"",
            b"[]",
            b"null",
            b'"a"',
            b"{",
            b'{"a":"\x00"}',
            b'{"a":"\\u0000"}',
            b'{"a":"\\ud800"}',
            b'{"a":NaN}',
            b'{"a":"\xff"}',
        ):
            for refused in (replace(begin("b"), state=state), replace(revise(item), state=state)):
                await _refused(store, refused, InvalidPayload)
        huge = b'{"a":"%s"}' % (b"x" * MAX_EVENT_BYTES)
        await _refused(store, replace(begin("b"), state=huge), TooLarge)
        assert await all_work(store) == [item]

    async def test_a_wake_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        item = await begun(store, "a", None)
        wakes: list[Wake] = [Hold("me", lease_s) for lease_s in NO_LEASES]
        for wake in (*wakes, AT_ONCE.replace(tzinfo=None), _BEYOND_UTC):
            await _refused(store, begin("b", wake), InvalidInput)
            await _refused(store, revise(item, wake), InvalidInput)
        assert await all_work(store) == [item]

    async def test_a_question_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        item = await begun(store, "a")
        for bad in (
            store.find_work(limit=0),
            store.work("a"),
            store.claim_due(QUEUE, "me", LEASE_S),
            store.claim_due([QUEUE], "me", LEASE_S, limit=0),
            store.claim_due([QUEUE], "me", LEASE_S, limit=cast("int", None)),
            store.claim_due(cast("Any", None), "me", LEASE_S),
            store.claim_due(cast("Any", [["a"]]), "me", LEASE_S),
            store.extend(cast("Any", None), "me", LEASE_S),
            store.await_work(QUEUE, 0.1),
        ):
            with pytest.raises(InvalidInput):
                await bad
        with pytest.raises(InvalidQuery):
            await store.find_work(limit=-1)
        for name in _UNSTORABLE:
            for attempt in (
                store.claim_due([QUEUE, name], "me", LEASE_S),
                store.claim_due([QUEUE], name, LEASE_S),
                store.extend({"a": 1}, name, LEASE_S),
                store.await_work([QUEUE, name], 0.1),
            ):
                with pytest.raises(InvalidInput):
                    await attempt
        for lease_s in NO_LEASES:
            with pytest.raises(InvalidInput):
                await store.claim_due([QUEUE], "me", lease_s)
            with pytest.raises(InvalidInput):
                await store.extend({"a": 1}, "me", lease_s)
        assert await all_work(store) == [item]

    async def test_a_closed_store_knows_no_work(self, store: FullStore) -> None:
        item = await begun(store, "a")
        await store.close()
        for attempt in (
            store.claim_due([QUEUE], "me", LEASE_S),
            store.extend({"a": 1}, "me", LEASE_S),
            store.work(["a"]),
            store.find_work(),
            store.count_work(),
            store.await_work([QUEUE], 0.1),
            write(store, revise(item)),
        ):
            with pytest.raises(StoreClosed):
                await attempt

    async def test_closing_finishes_work_that_was_accepted(self, store: FullStore, opener: Opener) -> None:
        attempts = [asyncio.ensure_future(write(store, begin(f"{n}", None))) for n in range(5)]
        attempts.append(asyncio.ensure_future(write(store, begin("5", None), begin("6", None))))
        await asyncio.sleep(0)
        async with opened(opener) as keeper:
            await store.close()
            await asyncio.gather(*attempts)
            assert ids_of(await all_work(keeper)) == [f"{n}" for n in range(7)]

    async def test_a_caller_that_goes_away_leaves_all_of_its_work_or_nothing(self, store: FullStore) -> None:
        attempts = [asyncio.ensure_future(write(store, begin(f"a{n}"), begin(f"b{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for attempt in attempts[::2]:
            attempt.cancel()
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert outcomes[1::2] == [None] * 10
        await begun(store, "last")
        kept = set(ids_of(await all_work(store)))
        assert {f"{kind}{n}" for kind in "ab" for n in range(1, 20, 2)} <= kept
        assert {id[1:] for id in kept if id[0] == "a"} == {id[1:] for id in kept if id[0] == "b"}


async def _refused(store: FullStore, bad: WorkWrite, error: type[InvalidInput]) -> None:
    for transaction in (Transaction(writes=[begin("c"), bad]), counted("s-1", writes=[bad])):
        with pytest.raises(error):
            await store.transact(transaction)
    assert await store.head() == 0
